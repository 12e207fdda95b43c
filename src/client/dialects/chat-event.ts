/**
 * One event of an engine's chat stream, as far as the sidecar must understand it. By hand, since it runs for every
 * event: with a schema, which copies what it has checked, reading one took 2.7 µs; so it takes 0.4. Pure.
 */
import { z } from "zod";
import { TroopError } from "../../protocol/error-codes.ts";
import { engineToolDelta, type EngineToolDelta } from "./tool-calls.ts";

export interface ChatEvent {
  /** Whether it has a choice at all; the fields after it are that choice's. */
  isChoice: boolean;
  content: string;
  refusal: string;
  reasoning: string;
  tools: EngineToolDelta[];
  logprobs: unknown;
  finish: unknown;
  usage: unknown;
  error: unknown;
}

/** Beyond the first choice nothing was asked for. @throws TroopError `stream_truncated` */
export function readChatEvent(event: unknown): ChatEvent {
  const { choices = null, usage, error } = fieldsOf(event);
  if (choices !== null && !Array.isArray(choices)) throw malformed();
  const isChoice = choices !== null && choices.length > 0;
  const choice = isChoice ? fieldsOf(choices[0]) : none;
  const delta = fieldsOf(choice["delta"] ?? none);
  return {
    isChoice,
    content: textOf(delta["content"]),
    refusal: textOf(delta["refusal"]),
    // Engines name it one way or the other, some both ways at once.
    reasoning: textOf(delta["reasoning_content"]) || textOf(delta["reasoning"]),
    tools: toolsOf(delta["tool_calls"]),
    logprobs: choice["logprobs"],
    finish: choice["finish_reason"],
    usage,
    error,
  };
}

type Fields = Readonly<Record<string, unknown>>;

const none: Fields = {};
const toolsSchema = z.array(engineToolDelta);
const malformed = (cause?: unknown) => new TroopError("stream_truncated", undefined, { cause });

function fieldsOf(value: unknown): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed();
  return value as Fields;
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value !== "string") throw malformed();
  return value;
}

/** Rare enough for a schema. */
function toolsOf(value: unknown): EngineToolDelta[] {
  if (value === undefined || value === null) return [];
  const parsed = toolsSchema.safeParse(value);
  if (!parsed.success) throw malformed(parsed.error);
  return parsed.data;
}
