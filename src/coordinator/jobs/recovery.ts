/** After a time in which nobody could reach the books, nobody may lose by it. Pure. */

/** Time for outboxes to deliver what waited before unpaid holds expire. */
export const expiryPauseMs = 15 * 60_000;
/** A gap shorter than this is a restart, not an outage. */
const outageMs = 60_000;

export interface Recovery {
  /** Holds do not expire before this, coordinator time in ms. */
  expireFrom: number;
  /** Vesting stood still for this long, ms. */
  downMs: number;
}

/** @param lastAlive when a coordinator last ran on these books; undefined where they are new */
export function recoveryAt(now: number, lastAlive: number | undefined): Recovery {
  if (lastAlive === undefined) return { expireFrom: now, downMs: 0 };
  const gap = Math.max(0, now - lastAlive);
  return { expireFrom: now + expiryPauseMs, downMs: gap > outageMs ? gap : 0 };
}
