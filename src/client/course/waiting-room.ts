/** Where requests wait while every node is busy. Mostly it is our own requests that fill them: when one ends, the next may go. */
import { type Clock, sleep } from "../../base/clock.ts";

export interface WaitingRoom {
  /** Until somebody's request has ended, `waitMs` are over, or `signal` aborts. First come, first served. */
  wait(waitMs: number, signal: AbortSignal): Promise<void>;
  /** A request has ended and left a slot. */
  callNext(): void;
}

export function createWaitingRoom(clock: Clock): WaitingRoom {
  const waiting = new Set<AbortController>();
  return {
    async wait(waitMs, signal) {
      const turn = new AbortController();
      waiting.add(turn);
      await sleep(clock, waitMs, AbortSignal.any([signal, turn.signal]));
      waiting.delete(turn);
    },
    callNext() {
      const [next] = waiting;
      if (!next) return;
      waiting.delete(next);
      next.abort();
    },
  };
}
