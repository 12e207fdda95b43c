/**
 * Tells the coordinator that a ticket is done with, so that what it still holds of the requester's credits is free
 * at once and not after the half hour that late receipts are given. The journal remembers which tickets are to be
 * closed until the coordinator has answered, through restarts too; a repeat changes nothing there.
 */
import type { Clock } from "../base/clock.ts";
import { startLoop } from "../base/loop.ts";
import type { Random } from "../base/random.ts";
import type { CoordinatorClient } from "../host/coordinator-client.ts";
import type { Log } from "../host/log.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { limits } from "../protocol/limits.ts";
import { type CloseBody, statementsAnswer } from "../protocol/receipt.ts";
import type { Signer } from "../protocol/signature.ts";
import { createStatement } from "../protocol/statement.ts";
import type { HoldAccounts } from "./hold-accounts.ts";
import type { Journal } from "./journal.ts";

export interface ClosesParts {
  journal: Pick<Journal, "findEnded" | "forgetEnd">;
  accounts: Pick<HoldAccounts, "isOpen">;
  coordinator: CoordinatorClient;
  node: Signer;
  clock: Clock;
  random: Random;
  log: Log;
}

/** Nobody waits for a close to the second. */
const intervalMs = 10_000;
const backoff = { firstMs: intervalMs, ceilingMs: 300_000 };

/** Runs until `signal` aborts. */
export function runCloses(parts: ClosesParts, signal: AbortSignal): Promise<void> {
  const { journal, accounts, coordinator, node, clock, random, log } = parts;

  async function close(ended: readonly CloseBody[]): Promise<void> {
    const { url, time } = coordinator;
    const sign = (body: CloseBody) =>
      createStatement(node, "troop-close+jwt", url, time.now(), body);
    const { outcomes } = await coordinator.call({
      method: "POST",
      path: "/receipts",
      body: { statements: await Promise.all(ended.map(sign)) },
      answer: statementsAnswer,
      signal,
    });
    if (outcomes.length !== ended.length)
      throw new TroopError("coordinator_unreachable", "The coordinator left a close unanswered.");
    for (const [index, { hold }] of ended.entries()) {
      const outcome = outcomes[index]!;
      if (outcome.status === "refused") log.warn({ hold, code: outcome.code }, "close refused");
      journal.forgetEnd(hold);
    }
  }

  return startLoop({
    ...{ clock, random, signal, backoff },
    round: async () => {
      const most = limits.statementsPerCall;
      const endedBy = coordinator.time.now() - limits.closeAfterMs;
      // One that was let in at the last moment may still be on its way to the journal.
      const ended = journal.findEnded(endedBy, most).filter(({ hold }) => !accounts.isOpen(hold));
      if (ended.length > 0) await close(ended);
      return ended.length === most ? 1_000 : intervalMs;
    },
    onFailure: (error) => log.warn({ err: error }, "closes wait"),
  }).ended;
}
