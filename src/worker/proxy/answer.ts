/**
 * Writes the frames of an answer. Pieces of one tick are one frame, and nothing waits longer than its tick.
 * A reader that cannot follow is reported, so that the engine is paused rather than our memory filled; one that
 * takes next to nothing for half a minute is hung up on.
 */
import type { ServerResponse } from "node:http";
import type { Clock, Timer } from "../../base/clock.ts";
import type { AnswerHead } from "../../protocol/chat.ts";
import { limits } from "../../protocol/limits.ts";
import type { Line } from "../../protocol/receipt.ts";
import { sealFrame } from "../../protocol/sealed-stream.ts";
import { sealedMediaType } from "../../protocol/version.ts";

export interface AnswerEvents {
  /** Too much waits for the reader. */
  full(): void;
  /** The reader caught up after `full`. */
  room(): void;
  /** The reader hung up, or took nothing for too long. */
  gone(): void;
}

export interface Answer {
  /** From now on `events` hears of the reader; a reader that is already gone is reported at once. */
  watch(events: AnswerEvents): void;
  readonly isOpen: boolean;
  /** The head frame. */
  open(head: AnswerHead): void;
  body(text: string): void;
  /** Ends the answer, with the line where the request was admitted. */
  finish(line?: Line): void;
}

interface Progress {
  /** Of finished writes. */
  doneBytes: number;
  /** What the operating system has not taken yet of the write under way; 0 where none is. */
  leftBytes: number;
}

/** How far a large write has come only the socket's handle shows. Node's own time-out, on the system's clock, looks there too. */
const bytesLeftOfWrite = ({ socket }: ServerResponse): number =>
  (socket as { _handle?: { writeQueueSize?: number } | null } | null)?._handle?.writeQueueSize ?? 0;

/** Also where a new write has begun, which it does only when there is none or the former is done. */
const hasMoved = (before: Progress, now: Progress): boolean =>
  now.doneBytes - before.doneBytes >= limits.slowReaderBytes ||
  before.leftBytes - now.leftBytes >= limits.slowReaderBytes ||
  now.leftBytes > before.leftBytes;

export function createAnswer(response: ServerResponse, clock: Clock): Answer {
  let pieces: string[] = [];
  let isOpen = false;
  // It may have hung up while the request's body was being read.
  let isGone = response.destroyed;
  let isFull = false;
  let written = 0;
  let stall: Timer | undefined;
  let events: AnswerEvents | undefined;

  const progress = (): Progress => ({
    doneBytes: written - response.writableLength,
    leftBytes: bytesLeftOfWrite(response),
  });
  const expectProgress = () => {
    const before = progress();
    stall?.cancel();
    stall = clock.timer(limits.slowReaderMs, () => {
      if (hasMoved(before, progress())) expectProgress();
      // This leads to "close", which is where a reader that hung up is noticed too.
      else response.destroy();
    });
  };
  response.once("close", () => {
    stall?.cancel();
    isGone = !response.writableFinished;
    if (isGone) events?.gone();
  });
  response.on("drain", () => {
    if (!isFull) return;
    isFull = false;
    stall?.cancel();
    events?.room();
  });

  const write = (type: "head" | "body" | "line", bytes: Uint8Array) => {
    if (isGone) return;
    const sealed = sealFrame({ type, bytes });
    written += sealed.length;
    response.write(sealed);
  };
  const flush = () => {
    if (pieces.length === 0) return;
    const bytes = Buffer.from(pieces.join(""));
    pieces = [];
    for (let start = 0; start < bytes.length; start += limits.frameBytes)
      write("body", bytes.subarray(start, start + limits.frameBytes));
    if (isFull || isGone || response.writableLength < limits.streamBufferBytes) return;
    isFull = true;
    expectProgress();
    events?.full();
  };

  return {
    watch(listener) {
      events = listener;
      if (isGone) listener.gone();
    },
    get isOpen() {
      return isOpen;
    },
    open(head) {
      isOpen = true;
      if (isGone) return;
      response.writeHead(200, { "content-type": sealedMediaType });
      write("head", Buffer.from(JSON.stringify(head)));
    },
    body(text) {
      if (pieces.push(text) === 1) queueMicrotask(flush);
    },
    finish(line) {
      flush();
      if (isGone) return;
      if (line) write("line", Buffer.from(JSON.stringify(line)));
      expectProgress();
      response.end();
    },
  };
}
