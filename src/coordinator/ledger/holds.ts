/** Verbs of holds: open, end in time, end early where nothing was asked. */
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import { isGone } from "../out-of-reach.ts";
import { nilUuid, type UnusedHold } from "./hold-end-store.ts";
import type { Hold, NewHold } from "./hold-store.ts";
import type { LedgerStore } from "./ledger-store.ts";

/** How many holds one transaction ends: enough to be worth it, few enough to keep nobody waiting. */
const batch = 200;

/** Told of a hold that stays as it is, and why. */
export type PassOver = (hold: string, error: unknown) => void;

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

    /**
     * Ends holds whose time is over.
     * @param passOver told of each that cannot end; without it the first such ends it all
     * @returns how many ended
     */
    async expireHolds(now: number, passOver?: PassOver): Promise<number> {
      let ended = 0;
      let after = nilUuid;
      // Of a batch that cannot end, those that can do so one by one.
      let alone = 0;
      for (;;) {
        const most = alone > 0 ? 1 : batch;
        let due: string[] = [];
        try {
          await store.transaction(async (tx) => {
            due = await tx.lockDueHolds(now, most, after);
            await tx.endHolds(due, "expired", now);
          });
          ended += due.length;
        } catch (error) {
          if (!passOver || isGone(error) || due.length === 0) throw error;
          if (alone === 0) {
            alone = batch;
            continue;
          }
          passOver(due[0]!, error);
        }
        if (due.length < most) return ended;
        after = due.at(-1)!;
        alone = Math.max(0, alone - 1);
      }
    },

    /**
     * Open holds without a line whose ticket ended at `endedBy` or before: candidates for an early end, one page of
     * them. @param after the last of the page before; an empty page is the end
     */
    findUnusedHolds: (endedBy: number, after?: UnusedHold): Promise<UnusedHold[]> =>
      store.findUnusedHolds(endedBy, batch, after),

    /** Ends those of `holds` that are still open and without a line. @param passOver as in `expireHolds` */
    async releaseUnused(holds: readonly string[], now: number, passOver?: PassOver): Promise<void> {
      const release = (some: readonly string[]) =>
        store.transaction(async (tx) =>
          tx.endHolds(await tx.lockUnusedHolds(some), "expired", now),
        );
      try {
        await release(holds);
      } catch (error) {
        if (!passOver || isGone(error)) throw error;
        for (const hold of holds)
          await release([hold]).catch((failure: unknown) => {
            if (isGone(failure)) throw failure;
            passOver(hold, failure);
          });
      }
    },
  };
}

/** When a hold ends whose ticket ends at `ticketExpiresAt`: streams may run on, receipts may be on the way. */
export const holdEnd = (ticketExpiresAt: number, maxSeconds: number): number =>
  ticketExpiresAt + maxSeconds * 1_000 + limits.holdGraceMs;
