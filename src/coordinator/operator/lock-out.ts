/**
 * How often a wrong password may be tried: five times, then not for half a minute, and twice as long each time after
 * that. Whoever can open the operator's socket is not kept out by somebody else's attempts.
 */
import { boundedMap } from "../../base/bounded-map.ts";

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

/** Names that are nobody's, and that somebody failed with lately: a bound for who makes names up. */
const inventedNames = 1_000;

/**
 * Of names that are nobody's too, so that being locked out says nothing of whether somebody has the name; but apart, so
 * that names that are made up push nobody's lock-out out.
 * @param most operators there may be
 */
export function createLockOuts(most: number) {
  const real = boundedMap<string, LockOut>(most);
  const invented = boundedMap<string, LockOut>(inventedNames);
  const of = (name: string) => real.get(name) ?? invented.get(name) ?? noLockOut;
  return {
    /** ms; 0 where a password may be tried. @param now ms that never go back */
    waitOf: (name: string, now: number): number => waitOf(of(name), now),
    failed(name: string, isReal: boolean, now: number): void {
      (isReal ? real : invented).set(name, afterFailure(of(name), now));
    },
    passed(name: string): void {
      for (const names of [real, invented]) names.delete(name);
    },
  };
}
