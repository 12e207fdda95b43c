/**
 * Engines that say they are well and fail all the same: each is left alone for a while, ever longer. What one requester
 * alone was refused with by an engine that is there says as much of the requests as of the engine, and does not count.
 */
import {
  afterFailure,
  breakerPhase,
  type BreakerRule,
  type BreakerState,
  closedBreaker,
} from "../base/breaker.ts";
import type { Clock } from "../base/clock.ts";
import type { Engine } from "./engines/engine.ts";

const rule: BreakerRule = { failures: 3, firstMs: 15_000, ceilingMs: 300_000 };

export interface Doubts {
  /** True while the engine is left alone. */
  isFailing(engine: Engine): boolean;
  /**
   * @param witness whose request failed; undefined where the engine was not there, for whomever it was
   * @returns for how long it is left alone from now on, ms; undefined where this failure changed nothing in that
   */
  add(engine: Engine, witness?: string): number | undefined;
  /** It answered as it should, or was started anew. */
  forget(engine: Engine): void;
}

interface Doubt {
  breaker: BreakerState;
  /** Who was refused first since the last success; two are enough. */
  witness: string | undefined;
  isSeenByTwo: boolean;
}

export function createDoubts(clock: Pick<Clock, "monotonic">): Doubts {
  const doubts = new Map<Engine, Doubt>();
  return {
    isFailing: (engine) =>
      breakerPhase(doubts.get(engine)?.breaker ?? closedBreaker, clock.monotonic()) === "open",
    add(engine, witness) {
      const now = clock.monotonic();
      const before = doubts.get(engine);
      const first = before?.witness ?? witness;
      const isAnothers = witness !== undefined && witness !== first;
      const isSeenByTwo = before?.isSeenByTwo === true || isAnothers;
      const counts = witness === undefined || isSeenByTwo;
      const known = before?.breaker ?? closedBreaker;
      const breaker = counts ? afterFailure(known, rule, now) : known;
      doubts.set(engine, { breaker, witness: first, isSeenByTwo });
      return breaker.openings > known.openings ? breaker.openUntil - now : undefined;
    },
    forget: (engine) => void (doubts.size > 0 && doubts.delete(engine)),
  };
}
