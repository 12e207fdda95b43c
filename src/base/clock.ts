/** The only door to time. Everything else is handed a `Clock`, so that tests and simulation can move it. */

/** A pending timer; `cancel` is idempotent. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall time, milliseconds UTC. Deadlines that leave the process are stated in it. */
  now(): number;
  /** Milliseconds that never go back; only differences mean anything. Durations are taken from it. */
  monotonic(): number;
  /** Calls `callback` once after `delayMs`. The timer does not keep the process alive. */
  timer(delayMs: number, callback: () => void): Timer;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer(delayMs, callback) {
    const handle = setTimeout(callback, delayMs);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Resolves after `delayMs`, or at once when `signal` aborts; it never rejects. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const wake = () => {
      timer.cancel();
      signal?.removeEventListener("abort", wake);
      resolve();
    };
    const timer = clock.timer(delayMs, wake);
    signal?.addEventListener("abort", wake, { once: true });
  });
}

/**
 * A signal that aborts after `delayMs` with `reason`, and a way to call it off.
 * `AbortSignal.timeout` is not used: it reads the system's clock.
 */
export function deadline(
  clock: Clock,
  delayMs: number,
  reason: Error,
): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const timer = clock.timer(delayMs, () => controller.abort(reason));
  return { signal: controller.signal, [Symbol.dispose]: () => timer.cancel() };
}

/** What `work` comes to, unless that takes longer: then it rejects with the reason, and nobody waits for the work. */
export function within<Result>(
  clock: Clock,
  delayMs: number,
  work: Promise<Result>,
  reason: Error,
): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = clock.timer(delayMs, () => reject(reason));
  return Promise.race([work, promise]).finally(() => timer.cancel());
}
