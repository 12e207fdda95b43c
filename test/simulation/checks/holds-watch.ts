/** What may become of a hold, by the words of `docs/ledger.md` and of the protocol: who it is for, and when it may end. */
import type { HoldRow, Tables } from "../ledger/tables.ts";

export interface HoldsWatchParts {
  tables: Tables;
  /** True time, ms. */
  now: () => number;
  /** When a coordinator last began on books that were there already, true time in ms; -Infinity before. */
  resumedAt: () => number;
  violate: (what: string) => void;
}

const minute = 60_000;
/** Nobody used the ticket: its hold ends this long after it. */
const unusedMs = minute;
/** Time for late receipts after the last stream can have ended, and after a coordinator is back. */
const graceMs = 15 * minute;

export function createHoldsWatch({ tables, now, resumedAt, violate }: HoldsWatchParts) {
  const anchors = new Map<string, string>();

  function checkExpiry({ id, ticketExpiresAt, maxSeconds }: HoldRow): void {
    const isUsed = tables.requests.has(id);
    const earliest = ticketExpiresAt + (isUsed ? maxSeconds * 1_000 + graceMs : unusedMs);
    if (now() < earliest) violate(`hold ${id} expired ${earliest - now()} ms too early`);
    const sinceMs = now() - resumedAt();
    if (sinceMs < graceMs)
      violate(`hold ${id} expired ${sinceMs} ms after the coordinator was back`);
  }

  return {
    changed(before: HoldRow | undefined, after: HoldRow): void {
      const { id, anchor, amount } = after;
      if (!before) {
        const other = anchors.get(anchor);
        if (other !== undefined && other !== id)
          violate(`hold ${id} has the secrets of hold ${other}`);
        anchors.set(anchor, id);
        return;
      }
      if (after.captured < before.captured || amount !== before.amount)
        violate(`hold ${id} was changed`);
      if (before.state !== "open" && after.state !== before.state)
        violate(`hold ${id} was ${before.state} and is ${after.state}`);
      if (before.state === "open" && after.state === "expired") checkExpiry(after);
    },
  };
}
