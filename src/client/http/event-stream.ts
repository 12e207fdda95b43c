/** An answer in events: opened by its first word, kept alive while it waits, never buffered. */
import type { ServerResponse } from "node:http";
import type { Clock, Timer } from "../../base/clock.ts";
import { limits } from "../../protocol/limits.ts";
import { formatComment, formatEvent } from "../../protocol/sse.ts";
import { headers } from "../../protocol/version.ts";

const keepAliveMs = 10_000;

/** How an API puts its events on the wire. */
export interface WireForm<Event extends object> {
  contentType: string;
  format(event: Event): string;
  /** What lets an application that waits know that it is not forgotten. */
  keepAlive(): string;
  /** Headers left before the cost was known: what is said of it at the end, if it is no event of its own. */
  cost(cost: string): string;
}

/** Server-sent events: every reader passes over comments. */
export const serverSentEvents: WireForm<object> = {
  contentType: "text/event-stream; charset=utf-8",
  format: (event) => formatEvent(JSON.stringify(event)),
  keepAlive: () => formatComment("keep-alive"),
  cost: (cost) => formatComment(`${headers.cost} ${cost}`),
};

/** Those whose events say their name twice: as the event's field and in its data. */
export const namedEvents: WireForm<{ type: string }> = {
  ...serverSentEvents,
  format: (event) => `event: ${event.type}\n${serverSentEvents.format(event)}`,
};

export interface EventStream extends Disposable {
  /** Headers for the answer; too late once the first word has left. */
  setHeader(name: string, value: string): void;
  /** A promise asks to wait until the application has read; it is gone if it does not read for 30 s. */
  write(text: string): Promise<void> | undefined;
  end(text: string): void;
}

export function createEventStream(
  response: ServerResponse,
  clock: Clock,
  wire: Pick<WireForm<never>, "contentType" | "keepAlive"> = serverSentEvents,
): EventStream {
  let writtenAt = clock.monotonic();
  let timer: Timer = clock.timer(keepAliveMs, beat);

  function beat() {
    const leftMs = writtenAt + keepAliveMs - clock.monotonic();
    if (leftMs <= 0 && !response.writableNeedDrain) void write(wire.keepAlive());
    timer = clock.timer(leftMs > 0 ? leftMs : keepAliveMs, beat);
  }

  function open() {
    if (response.headersSent) return;
    response.writeHead(200, {
      "content-type": wire.contentType,
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
