/** Verbs of holds: open, end in time, end early where nothing was asked. */
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import type { Hold, NewHold, UnusedHold } from "./hold-store.ts";
import type { LedgerStore } from "./ledger-store.ts";

/** How many holds one transaction ends: enough to be worth it, few enough to keep nobody waiting. */
const batch = 200;

export type OpenedHold =
  | { outcome: "opened" | "replayed"; hold: Hold }
  /** The account has less than the amount. */
  | { outcome: "insufficient" };

export function createHolds(store: LedgerStore) {
  /** @throws TroopError `idempotency_mismatch` where the hold was opened for another body */
  async function findHold(id: string, bodyHash: string): Promise<Hold | undefined> {
    const hold = await store.readHold(id);
    if (hold && hold.bodyHash !== bodyHash) throw new TroopError("idempotency_mismatch");
    return hold;
  }

  return {
    findHold,

    /**
     * Reserves `amount` for a ticket. The same id and body find the hold that is already there.
     * @throws TroopError `idempotency_mismatch`, `ledger_unavailable`
     */
    async openHold(hold: NewHold): Promise<OpenedHold> {
      if ((await store.insertHold(hold)) === "opened")
        return { outcome: "opened", hold: { ...hold, captured: 0n, state: "open" } };
      const existing = await findHold(hold.id, hold.bodyHash);
      return existing ? { outcome: "replayed", hold: existing } : { outcome: "insufficient" };
    },

    /** Ends holds whose time is over. @returns how many */
    async expireHolds(now: number): Promise<number> {
      for (let ended = 0; ;) {
        const count = await store.transaction(async (tx) => {
          const due = await tx.lockDueHolds(now, batch);
          await tx.endHolds(due, "expired", now);
          return due.length;
        });
        ended += count;
        if (count < batch) return ended;
      }
    },

    /**
     * Open holds without a line whose ticket ended at `endedBy` or before: candidates for an early end, one page of
     * them. @param after the last of the page before; an empty page is the end
     */
    findUnusedHolds: (endedBy: number, after?: UnusedHold): Promise<UnusedHold[]> =>
      store.findUnusedHolds(endedBy, batch, after),

    /** Ends those of `holds` that are still open and without a line. */
    releaseUnused: (holds: readonly string[], now: number): Promise<void> =>
      store.transaction(async (tx) => tx.endHolds(await tx.lockUnusedHolds(holds), "expired", now)),
  };
}

/** When a hold ends whose ticket ends at `ticketExpiresAt`: streams may run on, receipts may be on the way. */
export const holdEnd = (ticketExpiresAt: number, maxSeconds: number): number =>
  ticketExpiresAt + maxSeconds * 1_000 + limits.holdGraceMs;
