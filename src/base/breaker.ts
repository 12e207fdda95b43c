/**
 * A circuit breaker, as a pure machine: whoever fails again and again is left alone for a while.
 *
 *   closed ──failures in a row──▶ open ──time──▶ half_open ──success──▶ closed
 *                                  ▲                 │
 *                                  └─────failure─────┘   each time for longer
 */
export interface BreakerRule {
  /** Failures in a row that open it. */
  failures: number;
  /** How long it stays open the first time, and at most. */
  firstMs: number;
  ceilingMs: number;
}

export interface BreakerState {
  /** In a row, since the last success. */
  failures: number;
  /** Times it opened since the last success. */
  openings: number;
  /** Monotonic ms; until then it is open. */
  openUntil: number;
}

export type BreakerPhase = "closed" | "open" | "half_open";

export const closedBreaker: BreakerState = { failures: 0, openings: 0, openUntil: 0 };

/** @param now monotonic ms, here and below */
export function breakerPhase({ openings, openUntil }: BreakerState, now: number): BreakerPhase {
  if (openings === 0) return "closed";
  return now < openUntil ? "open" : "half_open";
}

export function afterFailure(state: BreakerState, rule: BreakerRule, now: number): BreakerState {
  const failures = state.failures + 1;
  switch (breakerPhase(state, now)) {
    case "closed":
      if (failures < rule.failures) return { ...state, failures };
      return { failures, openings: 1, openUntil: now + rule.firstMs };
    case "half_open": {
      const openMs = Math.min(rule.ceilingMs, rule.firstMs * 2 ** Math.min(state.openings, 30));
      return { failures, openings: state.openings + 1, openUntil: now + openMs };
    }
    // What had begun before it opened says nothing new.
    case "open":
      return state;
  }
}
