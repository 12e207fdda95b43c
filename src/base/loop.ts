/** Work that repeats until it is told to stop: heartbeats, outboxes, refreshes. */
import { type Clock, sleep } from "./clock.ts";
import type { Random } from "./random.ts";
import { type Backoff, backoffMs } from "./retry.ts";

export interface LoopOptions {
  clock: Clock;
  random: Random;
  signal: AbortSignal;
  backoff: Backoff;
  /** One round. Returns the milliseconds until the next; a rejection backs off and is reported. */
  round: (signal: AbortSignal) => Promise<number>;
  onFailure: (error: unknown) => void;
}

export interface Loop {
  /** Ends the present pause, so that the next round begins now. */
  wake(): void;
  /** Settles when the loop has ended, which it does only after `signal` aborted. */
  ended: Promise<void>;
}

export function startLoop({ clock, random, signal, backoff, round, onFailure }: LoopOptions): Loop {
  let pause = new AbortController();
  let isWoken = false;
  const run = async () => {
    let failures = 0;
    while (!signal.aborted) {
      let delayMs: number;
      try {
        isWoken = false;
        delayMs = await round(signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) break;
        failures += 1;
        onFailure(error);
        delayMs = backoffMs(random, backoff, failures);
      }
      // A wake that came during the round asks for another round at once: what it announced may have
      // arrived after the round had looked.
      if (isWoken) continue;
      pause = new AbortController();
      await sleep(clock, delayMs, AbortSignal.any([signal, pause.signal]));
    }
  };
  return {
    wake() {
      isWoken = true;
      pause.abort();
    },
    ended: run(),
  };
}
