/** Asks for generated text in one dialect: as a stream of chunks, or as one object folded from them. */
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { type InferencePath, inferenceRoutes } from "../protocol/chat.ts";
import type { Line } from "../protocol/receipt.ts";
import type { Ask, Asking } from "./course/asking.ts";
import type { Inquiry } from "./call/attempt.ts";
import type { AnswerShape, Dialect, Identity, Usage } from "./dialects/answer-shape.ts";
import { type Rest, restOf } from "./course/continuation.ts";
import type { Dispatch, DispatchResult } from "./course/dispatch.ts";
import { endOf } from "./course/failover.ts";
import type { Wanted } from "./read-request.ts";
import { type Reading, sinkOf, startReading } from "./course/reading.ts";
import { createKeeper, type Keeper } from "./course/so-far.ts";

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
  /** The last part's, where several nodes answered. */
  line: Line;
  node: string;
  /** Credits, of all parts. */
  cost: string;
  finishChunk: Chunk;
  /** Of the whole answer: the engine's own count, or the line's where the engine gave none. */
  usage: Usage;
  usageChunk: object;
}

type Failed = Extract<DispatchResult, { outcome: "failed" }>;
export type GenerateResult<Chunk> = ({ outcome: "answered" } & Generated<Chunk>) | Failed;

export interface Generate {
  /** Chunks leave as they come. Once there was text, another node can only go on with it. */
  stream<Chunk>(
    dialect: Dialect<Chunk>,
    path: InferencePath,
    wanted: Wanted,
    target: ChunkTarget<Chunk>,
    signal: AbortSignal,
  ): Promise<GenerateResult<Chunk>>;
  /** Nothing leaves before the answer is whole: where no other node can go on, one can start again at any point. */
  whole<Chunk>(
    dialect: Dialect<Chunk>,
    path: InferencePath,
    wanted: Wanted,
    signal: AbortSignal,
  ): Promise<{ outcome: "answered"; body: object; cost: string; node: string } | Failed>;
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
      const shape = dialect.createShape(
        identityOf(dialect.idPrefix, wanted.model),
        random,
        wanted.fields,
      );
      let arrived: Chunk[] = [];
      const pass = (chunk: Chunk) => void arrived.push(chunk);
      const kept = createKeeper();
      let reading = startReading(shape, pass, kept);
      const result = await dispatch({
        ...askingFor(path, wanted, signal),
        openSink(node, rest) {
          target.node(node);
          reading = startReading(shape, pass, kept, rest);
          return sinkOf(reading, () => {
            const chunks = arrived;
            arrived = [];
            return chunks.length > 0 ? target.take(chunks) : undefined;
          });
        },
        hasContent: () => kept.soFar().tokens > 0,
        rest: () => restFor(path, wanted, kept),
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
        const shape = dialect.createShape(identity, random, wanted.fields);
        const fold = dialect.createFold(identity);
        const kept = createKeeper();
        const read = (rest?: Rest) =>
          startReading(shape, (chunk: Chunk) => fold.add(chunk), kept, rest);
        return { shape, fold, kept, read, reading: read() };
      };
      let current = begin();
      const result = await dispatch({
        ...askingFor(path, wanted, signal),
        openSink(_node, rest) {
          if (rest) current.reading = current.read(rest);
          else current = begin();
          return sinkOf(current.reading, () => undefined);
        },
        hasContent: () => false,
        rest: () => restFor(path, wanted, current.kept),
      });
      if (result.outcome === "failed") return result;
      const { finishChunk, usage } = closing(current.shape, current.reading, result);
      current.fold.add(finishChunk);
      return { ...result, body: current.fold.whole(usage) };
    },
  };
}

function closing<Chunk>(
  shape: AnswerShape<Chunk>,
  reading: Reading,
  { line, node, cost }: Extract<DispatchResult, { outcome: "answered" }>,
) {
  const end = endOf(line.finish);
  const stated = end.kind === "complete" ? end.reason : "stop";
  // A budget that ran out ends the text early whatever the engine said; else its own word is the finer one.
  const reason = line.finish === "budget" ? "length" : (reading.finish() ?? stated);
  const usage = wholeUsage(reading.usage() ?? countedBy(line), reading.tokensBefore);
  return {
    outcome: "answered" as const,
    line,
    node,
    cost,
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
): Omit<Asking, "openSink" | "hasContent" | "rest"> {
  const { capability } = inferenceRoutes[path];
  const inquiry = inquiryFor(path, model, fields);
  return { model, capability, fields, preferences, application, inquiry, signal };
}

function inquiryFor(path: InferencePath, model: string, fields: Wanted["fields"]): Inquiry {
  const { stream: _stream, stream_options: _options, ...forEngine } = fields;
  return { path, body: Buffer.from(JSON.stringify({ model, ...forEngine })) };
}

function restFor(
  path: InferencePath,
  { model, fields }: Wanted,
  kept: Keeper,
): (Ask & Rest) | undefined {
  const soFar = kept.soFar();
  const rest = soFar.tokens > 0 ? restOf(path, fields, soFar) : undefined;
  return rest && { ...rest, inquiry: inquiryFor(path, model, rest.fields) };
}

const countedBy = ({ prompt_tokens, completion_tokens }: Line): Usage => ({
  prompt_tokens,
  completion_tokens,
});

/** Who goes on counts what was said before as part of its prompt. */
const wholeUsage = (
  { prompt_tokens, completion_tokens = 0, ...others }: Usage,
  tokensBefore: number,
): Usage => ({
  ...others,
  prompt_tokens: Math.max(0, prompt_tokens - tokensBefore),
  completion_tokens: completion_tokens + tokensBefore,
});
