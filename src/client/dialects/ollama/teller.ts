/** Tells an answer as Ollama's API does: one JSON object a line, the last with `done: true`. Pure, but for the clock. */
import type { Clock } from "../../../base/clock.ts";
import type { FinishReason, Usage } from "../answer-shape.ts";
import type { ChatChunk } from "../chat-chunk.ts";
import type { Ending, Teller } from "../teller.ts";
import type { WireForm } from "../../http/event-stream.ts";
import { ollamaError } from "./error.ts";
import { createOllamaCalls, type OllamaCall } from "./tool-calls.ts";

/** Chat speaks in messages, generate in bare text. */
export type OllamaForm = "chat" | "generate";

export interface OllamaTellerParts {
  form: OllamaForm;
  /** As the application named it. */
  model: string;
  clock: Pick<Clock, "now" | "monotonic">;
}

interface Piece {
  text: string;
  thinking?: string;
  calls?: OllamaCall[];
  logprobs?: unknown[];
}

const nanosecondsOf = (ms: number): number => Math.round(ms * 1e6);

/** A call of a tool is no reason of its own there. */
const reasons: Readonly<Record<FinishReason, string>> = {
  stop: "stop",
  tool_calls: "stop",
  length: "length",
  content_filter: "content_filter",
};

/** One object of an answer, done or not. */
export function ollamaObject(
  { form, model, clock }: OllamaTellerParts,
  { text, thinking, calls, logprobs }: Piece,
  rest: object = { done: false },
): object {
  const thought = thinking ? { thinking } : {};
  const called = calls?.length ? { tool_calls: calls } : {};
  return {
    model,
    created_at: new Date(clock.now()).toISOString(),
    ...(form === "chat"
      ? { message: { role: "assistant", content: text, ...thought, ...called } }
      : { response: text, ...thought }),
    ...(logprobs?.length ? { logprobs } : {}),
    ...rest,
  };
}

export function createOllamaTeller(parts: OllamaTellerParts): Teller<object> {
  const { clock } = parts;
  const startedAt = clock.monotonic();
  const calls = createOllamaCalls();
  const told = { text: "", thinking: "", logprobs: [] as unknown[] };
  let firstAt: number | undefined;
  let ending: object = {};

  function count({ prompt_tokens, completion_tokens = 0 }: Usage) {
    const now = clock.monotonic();
    const answeringFrom = firstAt ?? now;
    return {
      total_duration: nanosecondsOf(now - startedAt),
      load_duration: 0,
      prompt_eval_count: prompt_tokens,
      prompt_eval_duration: nanosecondsOf(answeringFrom - startedAt),
      eval_count: completion_tokens,
      eval_duration: nanosecondsOf(now - answeringFrom),
    };
  }

  function tell(piece: Piece): object {
    told.text += piece.text;
    told.thinking += piece.thinking ?? "";
    told.logprobs.push(...(piece.logprobs ?? []));
    return ollamaObject(parts, piece);
  }

  return {
    add(chunk) {
      const piece = pieceOf(chunk);
      const called = chunk.choices[0]?.delta.tool_calls ?? [];
      for (const delta of called) calls.add(delta);
      if (piece || called.length > 0) firstAt ??= clock.monotonic();
      return piece ? [tell(piece)] : [];
    },
    end({ reason, usage, cost }: Ending) {
      const { whole, broken } = calls.finish();
      const last = { text: broken.join("\n"), calls: whole };
      const telling = last.text || whole.length > 0 ? [tell(last)] : [];
      ending = { done: true, done_reason: reasons[reason], ...count(usage) };
      const troop = cost === undefined ? {} : { troop: { cost } };
      return [...telling, ollamaObject(parts, { text: "" }, { ...ending, ...troop })];
    },
    fail: (error) => [ollamaError(error)],
    whole: () => ollamaObject(parts, { ...told, calls: calls.finish().whole }, ending),
  };
}

/** Undefined where a chunk says nothing: its role, or fragments of a call that is not whole yet. */
function pieceOf({ choices: [choice] }: ChatChunk): Piece | undefined {
  if (!choice) return undefined;
  const { content = "", refusal = "", reasoning_content: thinking = "" } = choice.delta;
  const logprobs = (choice.logprobs as { content?: unknown } | null | undefined)?.content;
  const list = Array.isArray(logprobs) ? (logprobs as unknown[]) : [];
  // There is no other place for a refusal, and silence would be worse.
  const text = content + refusal;
  return text || thinking || list.length > 0 ? { text, thinking, logprobs: list } : undefined;
}

/** One object a line. While nothing is said an empty piece is: the official clients break at an empty line. */
export const ollamaLines = (parts: OllamaTellerParts): WireForm<object> => ({
  contentType: "application/x-ndjson",
  format: (event) => `${JSON.stringify(event)}\n`,
  keepAlive: () => `${JSON.stringify(ollamaObject(parts, { text: "" }))}\n`,
  // The last object has it.
  cost: () => "",
});
