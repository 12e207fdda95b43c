/** One request to an engine, as events. undici's `dispatch` is used bare: it can pause, and costs the least. */
import type { Dispatcher } from "undici";
import type { Engine } from "../engines/engine.ts";

export interface EngineCallEvents {
  /** The request is on its way to the engine. */
  sent(): void;
  status(code: number): void;
  data(chunk: Uint8Array): void;
  /** The engine's answer is whole. */
  end(): void;
  /** The connection was refused, or broke. */
  failed(error: Error): void;
}

export interface EngineCall {
  /** Stops reading; the engine's own socket then fills. */
  pause(): void;
  resume(): void;
  /** Hangs up on the engine, which stops computing. No event follows. */
  abort(): void;
}

export function callEngine(
  dispatcher: Dispatcher,
  { origin, headers }: Pick<Engine, "origin" | "headers">,
  path: string,
  body: string,
  events: EngineCallEvents,
): EngineCall {
  let controller: Dispatcher.DispatchController | undefined;
  let isAborted = false;
  const hangUp = () => controller?.abort(new Error("the request was ended"));
  dispatcher.dispatch(
    {
      origin,
      path,
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body,
      // How long an engine may think is decided by `attempt.ts`, on the injected clock.
      headersTimeout: 0,
      bodyTimeout: 0,
    },
    {
      onRequestStart(started) {
        controller = started;
        if (isAborted) hangUp();
        else events.sent();
      },
      onResponseStart(_controller, statusCode) {
        // 1xx answers are only a promise of the one that counts.
        if (!isAborted && statusCode >= 200) events.status(statusCode);
      },
      onResponseData(_controller, chunk) {
        if (!isAborted) events.data(chunk);
      },
      onResponseEnd() {
        if (!isAborted) events.end();
      },
      onResponseError(_controller, error) {
        // A dispatcher that is closing says so at once, before the caller holds what it wants to act on.
        queueMicrotask(() => {
          if (!isAborted) events.failed(error);
        });
      },
    },
  );
  return {
    pause: () => controller?.pause(),
    resume: () => controller?.resume(),
    abort() {
      isAborted = true;
      hangUp();
    },
  };
}
