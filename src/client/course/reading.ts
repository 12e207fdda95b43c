/** Reads one node's part of an answer: its events taken apart, with what is kept of them for the end. */
import type { AnswerSink } from "../call/attempt.ts";
import type { Rest } from "./continuation.ts";
import type { AnswerShape, FinishReason, Usage } from "../dialects/answer-shape.ts";
import { createEventSplitter, parseEvent } from "../call/event-parser.ts";
import type { Keeper } from "./so-far.ts";

export interface Reading {
  /** @throws TroopError `stream_truncated` */
  take(bytes: Uint8Array): void;
  textBytes(): number;
  hasFailed(): boolean;
  finish(): FinishReason | undefined;
  usage(): Usage | undefined;
  /** Of the same answer, by other nodes. */
  tokensBefore: number;
}

/** @param rest what the node is asked for, where another has begun */
export function startReading<Chunk>(
  shape: AnswerShape<Chunk>,
  pass: (chunk: Chunk) => void,
  kept: Keeper,
  rest?: Rest,
): Reading {
  shape.goOn(rest?.seam ?? "");
  const split = createEventSplitter();
  let textBytes = 0;
  let hasFailed = false;
  let finish: FinishReason | undefined;
  let usage: Usage | undefined;

  function takeEvent(data: string): void {
    const read = shape.read(parseEvent(data));
    kept.add(read);
    textBytes += read.textBytes;
    hasFailed ||= read.isFailure;
    finish = read.finish ?? finish;
    usage = read.usage ?? usage;
    if (read.chunk !== undefined) pass(read.chunk);
  }

  return {
    take(bytes) {
      for (const data of split(bytes)) takeEvent(data);
    },
    textBytes: () => textBytes,
    hasFailed: () => hasFailed,
    finish: () => finish,
    usage: () => usage,
    tokensBefore: rest?.tokens ?? 0,
  };
}

export const sinkOf = (reading: Reading, flush: () => Promise<void> | undefined): AnswerSink => ({
  take(bytes) {
    try {
      reading.take(bytes);
    } catch (error) {
      // What was read before counts as said: then it must have been.
      void flush();
      throw error;
    }
    return flush();
  },
  textBytes: reading.textBytes,
  hasFailed: reading.hasFailed,
});
