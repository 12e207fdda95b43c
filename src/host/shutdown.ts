/** From the system's signals to one AbortSignal: the first asks politely, the second ends the process. */
import type { EventEmitter } from "node:events";
import type { Clock } from "../base/clock.ts";

/** One Ctrl-C can arrive twice: from the terminal, and from npm, which passes on its own. Nobody presses twice this fast. */
const echoMs = 300;

export interface Shutdown extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * @param onSecond called where a second signal shows that somebody does not want to wait
 * @param source what emits signals by their names
 */
export function listenForShutdown(
  clock: Clock,
  onSecond: () => void,
  source: EventEmitter = process,
): Shutdown {
  const controller = new AbortController();
  let firstAt = 0;
  const stop = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      if (clock.monotonic() - firstAt > echoMs) onSecond();
      return;
    }
    firstAt = clock.monotonic();
    controller.abort(new Error(`received ${name}`));
  };
  const names = ["SIGINT", "SIGTERM"] as const;
  for (const name of names) source.on(name, stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const name of names) source.off(name, stop);
    },
  };
}
