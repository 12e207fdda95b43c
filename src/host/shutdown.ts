/** From the system's signals to one AbortSignal: the first asks politely, the second ends the process. */

export interface Shutdown extends Disposable {
  readonly signal: AbortSignal;
}

/** @param onSecond called where a second signal shows that somebody does not want to wait */
export function listenForShutdown(onSecond: () => void): Shutdown {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) return onSecond();
    controller.abort(new Error(`received ${name}`));
  };
  const names = ["SIGINT", "SIGTERM"] as const;
  for (const name of names) process.on(name, stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const name of names) process.off(name, stop);
    },
  };
}
