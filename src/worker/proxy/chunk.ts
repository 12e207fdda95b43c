/** Reads one event of an engine's stream, as far as the worker must understand it. Pure. */
import { limits } from "../../protocol/limits.ts";

/** What an event of the stream adds to what is counted. */
export interface Counted {
  /** UTF-8 bytes of content, reasoning and tool calls; 0 where the event carries none. */
  deltaBytes: number;
  finishReason: string | undefined;
  usage: TokenUsage | undefined;
}

export interface Chunk extends Counted {
  /** The engine reports that it failed. */
  isError: boolean;
  identity: ChunkIdentity;
}

export interface TokenUsage {
  promptTokens: number;
  completionTokens: number;
}

/** Fields that are the same in each event of one answer. */
export interface ChunkIdentity {
  id: unknown;
  created: unknown;
  model: unknown;
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null;
const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});
const bytesOf = (value: unknown): number =>
  typeof value === "string" ? Buffer.byteLength(value) : 0;
const isCount = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= limits.tokensPerLine;

/** Undefined where the text is no JSON object. */
export function readChunk(data: string): Chunk | undefined {
  const event = parse(data);
  if (!isFields(event)) return undefined;
  const choices = Array.isArray(event.choices) ? (event.choices as unknown[]) : [];
  const choice = fieldsOf(choices[0]);
  const { finish_reason } = choice;
  return {
    deltaBytes: deltaBytesOf(choice),
    finishReason: typeof finish_reason === "string" ? finish_reason : undefined,
    usage: readUsage(event.usage),
    // Older versions of vLLM say `{"object": "error", "message": …}`: what has no choices is no part of an answer.
    isError: isReported(event) || !Array.isArray(event.choices),
    identity: { id: event.id, created: event.created, model: event.model },
  };
}

const isReported = ({ error }: Fields): boolean => error !== undefined && error !== null;

/** Whether a whole document is what an engine answers, and not its report of a failure. */
export const isDocument = (value: unknown): value is Fields =>
  isFields(value) && Array.isArray(value.data) && !isReported(value);

/** The figures of a `usage` object; undefined where an engine gives none, or none that a line could state. */
export function readUsage(usage: unknown): TokenUsage | undefined {
  const { prompt_tokens, completion_tokens = 0 } = fieldsOf(usage);
  return isCount(prompt_tokens) && isCount(completion_tokens)
    ? { promptTokens: prompt_tokens, completionTokens: completion_tokens }
    : undefined;
}

function deltaBytesOf(choice: Fields): number {
  const delta = fieldsOf(choice.delta);
  // Engines name reasoning one way or the other, some both ways at once.
  const reasoning = bytesOf(delta.reasoning_content) || bytesOf(delta.reasoning);
  let bytes = bytesOf(choice.text) + bytesOf(delta.content) + reasoning;
  if (!Array.isArray(delta.tool_calls)) return bytes;
  for (const call of delta.tool_calls as unknown[]) {
    const { name, arguments: fragment } = fieldsOf(fieldsOf(call).function);
    bytes += bytesOf(name) + bytesOf(fragment);
  }
  return bytes;
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
