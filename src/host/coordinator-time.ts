/** Coordinator time: what every signed thing is stamped in. Learned from the `troop-time` of each answer. */
import type { Clock } from "../base/clock.ts";

export interface CoordinatorTime {
  /** Coordinator time, ms. */
  now(): number;
  /**
   * @param theirs the coordinator's clock as an answer stated it, ms
   * @param sentAt when the question left, by the clock here
   */
  observe(theirs: number, sentAt: number): void;
}

export function createCoordinatorTime(clock: Clock): CoordinatorTime {
  let offsetMs = 0;
  return {
    now: () => Math.round(clock.now() + offsetMs),
    observe(theirs, sentAt) {
      // It was stated some time between question and answer: an offset that fits is kept, so that a slow answer
      // does not spoil what quick ones have shown.
      const least = theirs - clock.now();
      const most = theirs - sentAt;
      offsetMs = Math.max(least, Math.min(offsetMs, most));
    },
  };
}
