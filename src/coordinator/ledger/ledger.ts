/**
 * The ledger's verbs. Each is one transaction; each may be repeated and takes effect once.
 * Rules are in `settlement.ts`, the books behind `ledger-store.ts`; the words are those of `docs/ledger.md`.
 */
import type { HistoryKind } from "../../protocol/endpoints.ts";
import type { Offence } from "./audit-store.ts";
import type { Balance } from "./balance-store.ts";
import { createCaptures, type OnVested } from "./captures.ts";
import { createGifts } from "./gifts.ts";
import { createGrants, type GrantsOptions } from "./grants.ts";
import type { HistoryCursor, StoredEntry } from "./history-store.ts";
import { createHmacReceipts } from "./hmac-receipts.ts";
import { createHolds } from "./holds.ts";
import { markedRequests, marksOf, type Marks } from "./marks.ts";

export type Ledger = ReturnType<typeof createLedger>;

export function createLedger(options: GrantsOptions & { onVested?: OnVested }) {
  const { store, onVested } = options;
  return {
    ...createGrants(options),
    ...createGifts(store),
    ...createHolds(store),
    ...createCaptures(store, onVested),
    ...createHmacReceipts(store),

    /** Undefined where there is no such account. */
    balance: (account: string): Promise<Balance | undefined> => store.balance(account),

    /** An account's history, newest first, of one kind only where one is named. */
    history: (
      account: string,
      before: HistoryCursor | undefined,
      most: number,
      kind?: HistoryKind,
    ): Promise<StoredEntry[]> => store.history(account, before, most, kind),

    /** How often an account and those it dealt with did not agree, on either side of its latest requests. */
    async marks(account: string): Promise<{ asRequester: Marks; asProvider: Marks }> {
      const of = async (side: "account" | "payee") =>
        marksOf(await store.latestRequests(account, side, markedRequests));
      return { asRequester: await of("account"), asProvider: await of("payee") };
    },

    /** The invariants of the books, recomputed from transfers, holds and requests. Sound books give an empty list. */
    audit: (): Promise<Offence[]> => store.audit(),
  };
}
