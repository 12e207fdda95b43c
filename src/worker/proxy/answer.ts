/**
 * Writes the frames of an answer. Pieces of one tick are one frame, and nothing waits longer than its tick.
 * A reader that cannot follow is reported, so that the engine is paused rather than our memory filled; one that
 * takes next to nothing for half a minute is hung up on.
 */
import type { Clock } from "../../base/clock.ts";
import { type ReaderEnd, readerProgress } from "../../host/reader-progress.ts";
import type { AnswerHead } from "../../protocol/chat.ts";
import type { FrameType } from "../../protocol/frames.ts";
import { limits } from "../../protocol/limits.ts";
import type { Line } from "../../protocol/receipt.ts";
import type { FrameSealer } from "../../protocol/sealed-stream-cipher.ts";
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
  /** Does not wait for the end of the tick: what was said so far is on the wire, and in `wireHash`. */
  flush(): void;
  /** What the line states of this answer: base64url SHA-256 of what was sealed so far, also where nobody reads it. */
  wireHash(): string;
  /** Ends the answer, with the line where the request was admitted. */
  finish(line?: Line): void;
}

/** What carries an answer: an HTTP/1 response, or a stream of a relay's connection. */
export interface AnswerWire extends ReaderEnd {
  readonly destroyed: boolean;
  readonly closed: boolean;
  readonly writableFinished: boolean;
  once(event: "close", listener: () => void): unknown;
  on(event: "drain", listener: () => void): unknown;
  writeHead(status: number, headers: Record<string, string>): unknown;
  write(bytes: Uint8Array): unknown;
  end(text?: string): unknown;
  destroy(): unknown;
}

export function createAnswer(response: AnswerWire, sealer: FrameSealer, clock: Clock): Answer {
  let pieces: string[] = [];
  /** Goes with what follows it in the same tick: one write to the socket instead of two. */
  let head: Uint8Array | undefined;
  let isOpen = false;
  // It may have hung up while the request's body was being read.
  let isGone = response.destroyed;
  let isFull = false;
  let written = 0;
  let events: AnswerEvents | undefined;

  const reader = readerProgress(
    response,
    clock,
    () => written,
    // This leads to "close", which is where a reader that hung up is noticed too.
    () => response.destroy(),
  );
  response.once("close", () => {
    reader.cancel();
    isGone = !response.writableFinished;
    if (isGone) events?.gone();
  });
  response.on("drain", () => {
    if (!isFull) return;
    isFull = false;
    reader.cancel();
    events?.room();
  });

  const write = (type: FrameType, bytes: Uint8Array, isFinal = false) => {
    if (isGone) return;
    const sealed = sealer.seal({ type, bytes }, isFinal);
    written += sealed.length;
    response.write(sealed);
  };
  const writeHead = () => {
    if (head) write("head", head);
    head = undefined;
  };
  /** @param isFinal nothing follows, not even a line */
  const flush = (isFinal = false) => {
    writeHead();
    if (pieces.length === 0 && !isFinal) return;
    const bytes = Buffer.from(pieces.join(""));
    pieces = [];
    for (let start = 0; start < bytes.length || isFinal; start += limits.frameBytes) {
      const end = start + limits.frameBytes;
      const isLast = isFinal && end >= bytes.length;
      write("body", bytes.subarray(start, end), isLast);
      if (isLast) break;
    }
    if (isFull || isGone || response.writableLength < limits.streamBufferBytes) return;
    isFull = true;
    reader.expect();
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
    open(given) {
      isOpen = true;
      if (isGone) return;
      response.writeHead(200, { "content-type": sealedMediaType });
      head = Buffer.from(JSON.stringify(given));
      queueMicrotask(writeHead);
    },
    body(text) {
      if (pieces.push(text) === 1) queueMicrotask(() => flush());
    },
    flush: () => flush(),
    wireHash() {
      writeHead();
      return sealer.wireHash();
    },
    finish(line) {
      flush(!line);
      if (isGone) return;
      if (line) write("line", Buffer.from(JSON.stringify(line)), true);
      reader.expect();
      response.end();
    },
  };
}
