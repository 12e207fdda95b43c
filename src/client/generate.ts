/** Asks for generated text in one dialect: as a stream of chunks, or as one object folded from them. */
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { type InferencePath, inferenceRoutes } from "../protocol/chat.ts";
import type { Line } from "../protocol/receipt.ts";
import type { AnswerSink, Inquiry } from "./attempt.ts";
import {
  type AnswerShape,
  type Dialect,
  type FinishReason,
  type Identity,
  type Usage,
} from "./dialects/answer-shape.ts";
import type { Asking, Dispatch, DispatchResult } from "./dispatch.ts";
import { createEventSplitter, parseEvent } from "./event-parser.ts";
import { endOf } from "./failover.ts";
import type { Wanted } from "./read-request.ts";

export interface GenerateParts {
  dispatch: Dispatch;
  clock: Clock;
  random: Random;
}

/** Where a streamed answer goes. */
export interface ChunkTarget<Chunk> {
  /** The node that is about to answer. */
  node(id: string): void;
  /** All chunks that arrived together, one at least. A promise asks the node to wait. */
  take(chunks: readonly Chunk[]): Promise<void> | undefined;
}

export interface Generated<Chunk> {
  line: Line;
  node: string;
  finishChunk: Chunk;
  /** The engine's own count, or the line's where the engine gave none. */
  usage: Usage;
  usageChunk: object;
}

type Failed = Extract<DispatchResult, { outcome: "failed" }>;
export type GenerateResult<Chunk> = ({ outcome: "answered" } & Generated<Chunk>) | Failed;

export interface Generate {
  /** Chunks leave as they come. Once there was text no other node can take over. */
  stream<Chunk>(
    dialect: Dialect<Chunk>,
    path: InferencePath,
    wanted: Wanted,
    target: ChunkTarget<Chunk>,
    signal: AbortSignal,
  ): Promise<GenerateResult<Chunk>>;
  /** Nothing leaves before the answer is whole, so another node can start again at any point. */
  whole<Chunk>(
    dialect: Dialect<Chunk>,
    path: InferencePath,
    wanted: Wanted,
    signal: AbortSignal,
  ): Promise<{ outcome: "answered"; body: object; line: Line; node: string } | Failed>;
}

export function createGenerate({ dispatch, clock, random }: GenerateParts): Generate {
  const identityOf = (prefix: string, model: string): Identity => ({
    id: prefix + random.uuid().replaceAll("-", ""),
    created: Math.floor(clock.now() / 1_000),
    model,
  });

  return {
    async stream<Chunk>(
      dialect: Dialect<Chunk>,
      path: InferencePath,
      wanted: Wanted,
      target: ChunkTarget<Chunk>,
      signal: AbortSignal,
    ) {
      const shape = dialect.createShape(identityOf(dialect.idPrefix, wanted.model), random);
      let arrived: Chunk[] = [];
      const pass = (chunk: Chunk) => void arrived.push(chunk);
      let reading = startReading(shape, pass);
      const result = await dispatch({
        ...askingFor(path, wanted, signal),
        openSink(node) {
          target.node(node);
          reading = startReading(shape, pass);
          return sinkOf(reading, () => {
            const chunks = arrived;
            arrived = [];
            return chunks.length > 0 ? target.take(chunks) : undefined;
          });
        },
        hasContent: () => reading.textBytes() > 0,
      });
      return result.outcome === "failed" ? result : closing(shape, reading, result);
    },

    async whole<Chunk>(
      dialect: Dialect<Chunk>,
      path: InferencePath,
      wanted: Wanted,
      signal: AbortSignal,
    ) {
      const identity = identityOf(dialect.idPrefix, wanted.model);
      const begin = () => {
        const shape = dialect.createShape(identity, random);
        const fold = dialect.createFold(identity);
        return { shape, fold, reading: startReading(shape, (chunk: Chunk) => fold.add(chunk)) };
      };
      let current = begin();
      const result = await dispatch({
        ...askingFor(path, wanted, signal),
        openSink() {
          current = begin();
          return sinkOf(current.reading, () => undefined);
        },
        hasContent: () => false,
      });
      if (result.outcome === "failed") return result;
      const { finishChunk, usage } = closing(current.shape, current.reading, result);
      current.fold.add(finishChunk);
      return { ...result, body: current.fold.whole(usage) };
    },
  };
}

interface Reading {
  /** @throws TroopError `stream_truncated` */
  take(bytes: Uint8Array): void;
  textBytes(): number;
  hasFailed(): boolean;
  finish(): FinishReason | undefined;
  usage(): Usage | undefined;
}

/** One attempt's events, with what is kept of them for the end. */
function startReading<Chunk>(shape: AnswerShape<Chunk>, pass: (chunk: Chunk) => void): Reading {
  const split = createEventSplitter();
  let textBytes = 0;
  let hasFailed = false;
  let finish: FinishReason | undefined;
  let usage: Usage | undefined;

  function takeEvent(data: string): void {
    const read = shape.read(parseEvent(data));
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
  };
}

const sinkOf = (reading: Reading, flush: () => Promise<void> | undefined): AnswerSink => ({
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

function closing<Chunk>(
  shape: AnswerShape<Chunk>,
  reading: Reading,
  { line, node }: { line: Line; node: string },
) {
  const end = endOf(line.finish);
  const stated = end.kind === "complete" ? end.reason : "stop";
  // A budget that ran out ends the text early whatever the engine said; else its own word is the finer one.
  const reason = line.finish === "budget" ? "length" : (reading.finish() ?? stated);
  const usage = reading.usage() ?? {
    prompt_tokens: line.prompt_tokens,
    completion_tokens: line.completion_tokens,
  };
  return {
    outcome: "answered" as const,
    line,
    node,
    finishChunk: shape.finishChunk(reason),
    usage,
    usageChunk: shape.usageChunk(usage),
  };
}

/** What all routes ask alike. The worker always streams and always wants usage; what the application asked is ours. */
export function askingFor(
  path: InferencePath,
  { model, fields, preferences, application }: Wanted,
  signal: AbortSignal,
): Omit<Asking, "openSink" | "hasContent"> {
  const { stream: _stream, stream_options: _options, ...forEngine } = fields;
  const inquiry: Inquiry = {
    path,
    body: Buffer.from(JSON.stringify({ model, ...forEngine })),
  };
  const { capability } = inferenceRoutes[path];
  return { model, capability, fields, preferences, application, inquiry, signal };
}
