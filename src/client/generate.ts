/** Asks for generated text in one dialect: as a stream of chunks, or as one object folded from them. */
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { type InferencePath, type InferenceRequest, inferenceRoutes } from "../protocol/chat.ts";
import type { Line } from "../protocol/receipt.ts";
import type { AnswerSink, Inquiry } from "./attempt.ts";
import type {
  AnswerShape,
  Dialect,
  FinishReason,
  Identity,
  Usage,
} from "./dialects/answer-shape.ts";
import type { Asking, Dispatch, DispatchResult } from "./dispatch.ts";
import { createEventParser } from "./event-parser.ts";
import { endOf } from "./failover.ts";

export interface GenerateParts {
  dispatch: Dispatch;
  clock: Clock;
  random: Random;
}

/** Where chunks go. */
export interface ChunkTarget<Chunk> {
  /** The node that is about to answer. */
  node(id: string): void;
  /** All chunks that arrived together. A promise asks the node to wait. */
  take(chunks: Chunk[]): Promise<void> | undefined;
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
    wanted: InferenceRequest,
    target: ChunkTarget<Chunk>,
    signal: AbortSignal,
  ): Promise<GenerateResult<Chunk>>;
  /** Nothing leaves before the answer is whole, so another node can start again at any point. */
  whole<Chunk>(
    dialect: Dialect<Chunk>,
    path: InferencePath,
    wanted: InferenceRequest,
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
    async stream(dialect, path, wanted, target, signal) {
      const shape = dialect.createShape(identityOf(dialect.idPrefix, wanted.model), random);
      let reading = startReading(shape);
      const result = await dispatch({
        ...askingFor(path, wanted, signal),
        openSink(node) {
          target.node(node);
          reading = startReading(shape);
          return sinkOf(reading, (chunks) => target.take(chunks));
        },
        hasContent: () => reading.textBytes() > 0,
      });
      return result.outcome === "failed" ? result : closing(shape, reading, result);
    },

    async whole(dialect, path, wanted, signal) {
      const identity = identityOf(dialect.idPrefix, wanted.model);
      const begin = () => {
        const shape = dialect.createShape(identity, random);
        return { shape, fold: dialect.createFold(identity), reading: startReading(shape) };
      };
      let current = begin();
      const result = await dispatch({
        ...askingFor(path, wanted, signal),
        openSink() {
          current = begin();
          const { fold, reading } = current;
          return sinkOf(reading, (chunks) => {
            for (const chunk of chunks) fold.add(chunk);
            return undefined;
          });
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

interface Reading<Chunk> {
  /** @throws TroopError `stream_truncated` */
  take(bytes: Uint8Array): Chunk[];
  textBytes(): number;
  hasFailed(): boolean;
  finish(): FinishReason | undefined;
  usage(): Usage | undefined;
}

/** One attempt's events, with what is kept of them for the end. */
function startReading<Chunk>(shape: AnswerShape<Chunk>): Reading<Chunk> {
  const parse = createEventParser();
  let textBytes = 0;
  let hasFailed = false;
  let finish: FinishReason | undefined;
  let usage: Usage | undefined;
  return {
    take: (bytes) =>
      parse(bytes).flatMap((event) => {
        const read = shape.read(event);
        textBytes += read.textBytes;
        hasFailed ||= read.isFailure;
        finish = read.finish ?? finish;
        usage = read.usage ?? usage;
        return read.chunk === undefined ? [] : [read.chunk];
      }),
    textBytes: () => textBytes,
    hasFailed: () => hasFailed,
    finish: () => finish,
    usage: () => usage,
  };
}

const sinkOf = <Chunk>(
  reading: Reading<Chunk>,
  pass: (chunks: Chunk[]) => Promise<void> | undefined,
): AnswerSink => ({
  take(bytes) {
    const chunks = reading.take(bytes);
    return chunks.length > 0 ? pass(chunks) : undefined;
  },
  textBytes: reading.textBytes,
  hasFailed: reading.hasFailed,
});

function closing<Chunk>(
  shape: AnswerShape<Chunk>,
  reading: Reading<Chunk>,
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
  { model, fields }: InferenceRequest,
  signal: AbortSignal,
): Pick<Asking, "model" | "capability" | "inquiry" | "signal"> {
  const { stream: _stream, stream_options: _options, ...forEngine } = fields;
  const inquiry: Inquiry = {
    path,
    body: Buffer.from(JSON.stringify({ model, ...forEngine })),
  };
  return { model, capability: inferenceRoutes[path].capability, inquiry, signal };
}
