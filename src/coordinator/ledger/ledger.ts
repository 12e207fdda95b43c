/**
 * The ledger's verbs. Each is one transaction; each may be repeated and takes effect once.
 * Rules are in `settlement.ts`, SQL in the `*-store.ts` files; the words are those of `docs/ledger.md`.
 */
import { auditBooks, type Offence } from "./audit-store.ts";
import { readBalance, type Balance } from "./balance-store.ts";
import { createCaptures } from "./captures.ts";
import { createGrants, type GrantsOptions } from "./grants.ts";
import { readHistory, type HistoryCursor, type StoredEntry } from "./history-store.ts";
import { createHolds } from "./holds.ts";

export type Ledger = ReturnType<typeof createLedger>;

export function createLedger(options: GrantsOptions) {
  const { database } = options;
  return {
    ...createGrants(options),
    ...createHolds(database),
    ...createCaptures(database),

    /** Undefined where there is no such account. */
    balance: (account: string): Promise<Balance | undefined> => readBalance(database, account),

    /** An account's history, newest first. */
    history: (
      account: string,
      before: HistoryCursor | undefined,
      most: number,
    ): Promise<StoredEntry[]> => readHistory(database, account, before, most),

    /** The invariants of the books, recomputed from transfers, holds and requests. Sound books give an empty list. */
    audit: (): Promise<Offence[]> => auditBooks(database),
  };
}
