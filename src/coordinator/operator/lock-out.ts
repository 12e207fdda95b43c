/**
 * How often a wrong password may be tried: five times, then not for half a minute, and twice as long each time after
 * that. Pure. Whoever can open the operator's socket is not kept out by somebody else's attempts.
 */

export interface LockOut {
  /** In a row. */
  failures: number;
  /** ms that never go back */
  until: number;
}

const freeFailures = 5;
const firstMs = 30_000;
const longestMs = 15 * 60_000;

export const noLockOut: LockOut = { failures: 0, until: 0 };

export function afterFailure({ failures: before }: LockOut, now: number): LockOut {
  const failures = before + 1;
  if (failures < freeFailures) return { failures, until: 0 };
  const doublings = Math.min(failures - freeFailures, 20);
  return { failures, until: now + Math.min(longestMs, firstMs * 2 ** doublings) };
}

/** ms; 0 where a password may be tried. */
export const waitOf = ({ until }: LockOut, now: number): number => Math.max(0, until - now);
