/** What a dialect makes of a node's events. One shape serves one request, whichever nodes answer it. */
import { z } from "zod";
import type { Random } from "../../base/random.ts";

/** Engine's count of tokens; further members are passed on. */
export const usageSchema = z.looseObject({
  prompt_tokens: z.int().nonnegative(),
  completion_tokens: z.int().nonnegative().optional(),
  total_tokens: z.int().nonnegative().optional(),
});
export type Usage = z.infer<typeof usageSchema>;

/** Most events have none, and a schema would make an error of that for each of them. */
export const readUsage = (usage: unknown): Usage | undefined =>
  usage === undefined || usage === null ? undefined : usageSchema.safeParse(usage).data;

export const withTotal = (usage: Usage): Usage => ({
  ...usage,
  total_tokens: usage.total_tokens ?? usage.prompt_tokens + (usage.completion_tokens ?? 0),
});

export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter";
const finishReasons: readonly unknown[] = ["stop", "length", "tool_calls", "content_filter"];
/** Reasons that we do not know are left to the line, which always has one. */
export const readFinishReason = (value: unknown): FinishReason | undefined =>
  finishReasons.includes(value) ? (value as FinishReason) : undefined;

/** The same in each chunk of an answer. */
export interface Identity {
  id: string;
  /** Seconds. */
  created: number;
  model: string;
}

/** One event, taken apart: what goes to the application now, and what is kept for the end. */
export interface EventReading<Chunk> {
  chunk: Chunk | undefined;
  /** UTF-8 bytes of delta text in it, what is not passed on included. */
  textBytes: number;
  /** What is passed on; undefined where that is anything but plain text. */
  text: string | undefined;
  finish: FinishReason | undefined;
  usage: Usage | undefined;
  /** The engine says that it failed; the line that follows says what it costs. */
  isFailure: boolean;
}

export interface AnswerShape<Chunk> {
  /** @param event the JSON of one `data:` line. @throws TroopError `stream_truncated` */
  read(event: unknown): EventReading<Chunk>;
  /** Another node goes on now. @param said what it says again at its beginning */
  goOn(said: string): void;
  /** The chunk that ends the answer. The finish reason is kept back until the line is there. */
  finishChunk(reason: FinishReason): Chunk;
  usageChunk(usage: Usage): object;
}

/** Joins chunks to the one object that an application gets that did not ask for a stream. */
export interface AnswerFold<Chunk> {
  add(chunk: Chunk): void;
  whole(usage: Usage): object;
}

export interface Dialect<Chunk> {
  idPrefix: string;
  /** @param asked the request's fields, as a node gets them */
  createShape(
    identity: Identity,
    random: Random,
    asked: Readonly<Record<string, unknown>>,
  ): AnswerShape<Chunk>;
  createFold(identity: Identity): AnswerFold<Chunk>;
}

export const utf8Bytes = (text: string): number => Buffer.byteLength(text);
