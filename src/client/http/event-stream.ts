/** An answer in server-sent events: opened by its first word, kept alive while it waits, never buffered. */
import type { ServerResponse } from "node:http";
import type { Clock, Timer } from "../../base/clock.ts";
import { limits } from "../../protocol/limits.ts";
import { formatComment } from "../../protocol/sse.ts";

const keepAliveMs = 10_000;
const keepAlive = formatComment("keep-alive");

export interface EventStream extends Disposable {
  /** Headers for the answer; too late once the first word has left. */
  setHeader(name: string, value: string): void;
  /** A promise asks to wait until the application has read; it is gone if it does not read for 30 s. */
  write(text: string): Promise<void> | undefined;
  end(text: string): void;
}

export function createEventStream(response: ServerResponse, clock: Clock): EventStream {
  let writtenAt = clock.monotonic();
  let timer: Timer = clock.timer(keepAliveMs, beat);

  function beat() {
    const leftMs = writtenAt + keepAliveMs - clock.monotonic();
    if (leftMs <= 0 && !response.writableNeedDrain) void write(keepAlive);
    timer = clock.timer(leftMs > 0 ? leftMs : keepAliveMs, beat);
  }

  function open() {
    if (response.headersSent) return;
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
    });
  }

  function write(text: string): Promise<void> | undefined {
    open();
    writtenAt = clock.monotonic();
    return response.write(text) || response.destroyed ? undefined : drained(response, clock);
  }

  return {
    setHeader(name, value) {
      if (!response.headersSent) response.setHeader(name, value);
    },
    write,
    end(text) {
      open();
      response.end(text);
    },
    [Symbol.dispose]: () => timer.cancel(),
  };
}

function drained(response: ServerResponse, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.timer(limits.slowReaderMs, () => response.destroy());
    const done = () => {
      timer.cancel();
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });
}
