/** A clock that stands still until it is moved. Timers fire in order of their time, then of their making. */
import type { Clock } from "../../src/base/clock.ts";

export interface FakeClock extends Clock {
  /** Moves time by `ms`, firing what falls due, and lets what that started run as far as it can without real I/O. */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock forward or back without any time passing, as an operator or NTP would. */
  shiftWall(ms: number): void;
  /** How many timers are waiting. */
  readonly waiting: number;
}

/** @param startMs wall time at the beginning */
export function createFakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  let elapsed = 0;
  let wallOffset = startMs;
  let serial = 0;
  const timers = new Map<number, { due: number; callback: () => void }>();

  const earliest = () => {
    let first: [number, { due: number; callback: () => void }] | undefined;
    for (const entry of timers) if (!first || entry[1].due < first[1].due) first = entry;
    return first;
  };
  return {
    now: () => wallOffset + elapsed,
    monotonic: () => elapsed,
    timer(delayMs, callback) {
      const id = (serial += 1);
      timers.set(id, { due: elapsed + Math.max(0, delayMs), callback });
      return { cancel: () => void timers.delete(id) };
    },
    async advance(ms) {
      const target = elapsed + ms;
      await settle();
      for (let next = earliest(); next && next[1].due <= target; next = earliest()) {
        timers.delete(next[0]);
        elapsed = Math.max(elapsed, next[1].due);
        next[1].callback();
        await settle();
      }
      elapsed = target;
      await settle();
    },
    shiftWall(ms) {
      wallOffset += ms;
    },
    get waiting() {
      return timers.size;
    },
  };
}

/** Lets promises and already finished I/O run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
