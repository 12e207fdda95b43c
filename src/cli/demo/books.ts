/** What the demo reads from the coordinator's books, with each account's own proof. */
import { createCoordinatorClient, type CoordinatorClient } from "../../host/coordinator-client.ts";
import { balanceAnswer, type HistoryEntry, transactionsAnswer } from "../../protocol/endpoints.ts";
import type { Signer } from "../../protocol/signature.ts";
import type { CommandContext } from "../context.ts";

export interface Books extends AsyncDisposable {
  /** Posted credits, six decimals. */
  posted(account: Signer): Promise<string>;
  /** Newest first. */
  history(account: Signer): Promise<HistoryEntry[]>;
}

export function openBooks({ clock, random, shutdown }: CommandContext, url: string): Books {
  const coordinator: CoordinatorClient = createCoordinatorClient({ url, clock, random });
  const read = { method: "GET", signal: shutdown } as const;
  return {
    async posted(signer) {
      const path = `/users/${signer.id}/balance`;
      return (await coordinator.call({ ...read, path, answer: balanceAnswer, signer })).balance;
    },
    async history(signer) {
      const path = `/users/${signer.id}/transactions`;
      return (await coordinator.call({ ...read, path, answer: transactionsAnswer, signer }))
        .transactions;
    },
    [Symbol.asyncDispose]: () => coordinator[Symbol.asyncDispose](),
  };
}
