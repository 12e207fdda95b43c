/** Ends what makes no progress. One timer that looks now and then, instead of one that is set anew for each byte. */
import type { Clock, Timer } from "../../base/clock.ts";
import { TroopError } from "../../protocol/error-codes.ts";

export interface SilenceWatch extends Disposable {
  /** Aborts with `timeout` after `limitMs` without a `touch`, and when the caller's own signal does. */
  readonly signal: AbortSignal;
  touch(): void;
  /** From now on this little silence is enough. */
  expectEnd(withinMs: number): void;
}

export function watchSilence(clock: Clock, limitMs: number, outer: AbortSignal): SilenceWatch {
  const controller = new AbortController();
  const startedAt = clock.monotonic();
  let touchedAt = startedAt;
  let patienceMs = limitMs;
  let timer: Timer;
  const look = () => {
    const leftMs = touchedAt + patienceMs - clock.monotonic();
    if (leftMs > 0) return watch(leftMs);
    const details = {
      elapsed_ms: Math.round(clock.monotonic() - startedAt),
      timeout_ms: patienceMs,
    };
    controller.abort(new TroopError("timeout", undefined, { details }));
  };
  const watch = (delayMs: number) => {
    timer = clock.timer(delayMs, look);
  };
  const passOn = () => controller.abort(outer.reason);
  if (outer.aborted) passOn();
  outer.addEventListener("abort", passOn, { once: true });
  watch(limitMs);
  return {
    signal: controller.signal,
    touch() {
      touchedAt = clock.monotonic();
    },
    expectEnd(withinMs) {
      patienceMs = withinMs;
      timer.cancel();
      watch(withinMs);
    },
    [Symbol.dispose]() {
      timer.cancel();
      outer.removeEventListener("abort", passOn);
    },
  };
}
