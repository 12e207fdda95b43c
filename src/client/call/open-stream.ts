/** One POST whose answer is read as it arrives: undici's `dispatch` as an iterable with back-pressure. */
import type { Dispatcher } from "undici";

export interface OpenStream {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** All bytes that are there already, then whatever comes. Leaving the loop early closes the connection. */
  chunks: AsyncIterable<Uint8Array[]>;
}

export interface StreamRequest {
  origin: string;
  path: string;
  headers: Record<string, string>;
  body: Uint8Array | Iterable<Uint8Array>;
  /** A connection stands, and the first byte is about to leave. */
  onBegin?: () => void;
}

/** What may lie unread here before the sender is asked to wait. */
const highWaterBytes = 64 * 1_024;

/** Resolves with the answer's head. Rejects with undici's error, or with the signal's reason once that aborted. */
export function openStream(
  dispatcher: Dispatcher,
  { origin, path, headers, body, onBegin }: StreamRequest,
  signal: AbortSignal,
): Promise<OpenStream> {
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let end: { error?: Error } | undefined;
  let controller: Dispatcher.DispatchController | undefined;
  let wake: (() => void) | undefined;
  const abort = () => {
    finish(signal.reason as Error);
    controller?.abort(signal.reason as Error);
  };
  let settle: { resolve(stream: OpenStream): void; reject(error: Error): void };
  const finish = (error?: Error) => {
    end ??= error ? { error } : {};
    signal.removeEventListener("abort", abort);
    wake?.();
    if (error) settle.reject(error);
  };

  async function* read() {
    try {
      for (;;) {
        if (waiting.length > 0) {
          const chunks = waiting;
          waiting = [];
          waitingBytes = 0;
          if (controller?.paused) controller.resume();
          yield chunks;
        } else if (end) {
          if (end.error) throw end.error;
          return;
        } else {
          await new Promise<void>((resolve) => (wake = resolve));
        }
      }
    } finally {
      if (!end) controller?.abort(new Error("the reader left"));
    }
  }

  return new Promise((resolve, reject) => {
    settle = { resolve, reject };
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    dispatcher.dispatch(
      {
        origin,
        path,
        method: "POST",
        headers,
        body: body as Uint8Array,
        // Silence is measured on our own clock.
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      {
        onRequestStart(started) {
          controller = started;
          if (end?.error) started.abort(end.error);
          else onBegin?.();
        },
        onResponseStart: (_controller, status, responseHeaders) =>
          resolve({ status, headers: responseHeaders, chunks: read() }),
        onResponseData(_controller, chunk) {
          waiting.push(chunk);
          waitingBytes += chunk.length;
          if (waitingBytes > highWaterBytes) controller!.pause();
          wake?.();
        },
        onResponseEnd: () => finish(),
        onResponseError: (_controller, error) => finish(error),
      },
    );
  });
}
