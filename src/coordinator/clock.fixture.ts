/** A clock that tests move. It begins long before now: the jobs believe no clock that is ahead of the database's. */
import type { Clock, Timer } from "../base/clock.ts";

export interface MovedClock extends Clock {
  /** Moves time on, firing timers on the way in their order. */
  advance(ms: number): void;
}

export function createMovedClock(start = 1_600_000_000_000): MovedClock {
  let now = start;
  const timers = new Set<{ at: number; callback: () => void }>();
  return {
    now: () => now,
    monotonic: () => now - start,
    timer(delayMs, callback): Timer {
      const timer = { at: now + delayMs, callback };
      timers.add(timer);
      return { cancel: () => timers.delete(timer) };
    },
    advance(ms) {
      const target = now + ms;
      for (;;) {
        const [next] = [...timers]
          .filter(({ at }) => at <= target)
          .toSorted((left, right) => left.at - right.at);
        if (!next) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.callback();
      }
      now = target;
    },
  };
}
