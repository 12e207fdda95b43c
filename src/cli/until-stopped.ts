/** Waiting for the signal to stop. */

/** Resolves when `signal` aborts. Keeps the process alive: roles' own timers do not. */
export function untilStopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    // A listening socket would do too, but not every role has one.
    const channel = new MessageChannel();
    channel.port1.ref();
    const stop = () => {
      channel.port1.close();
      resolve();
    };
    signal.addEventListener("abort", stop, { once: true });
  });
}
