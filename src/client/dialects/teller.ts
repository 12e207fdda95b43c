/**
 * How an API other than OpenAI's chat tells an application of an answer. Within the sidecar there is one form of a
 * chat, OpenAI's: an adapter turns a request into it (`readInferenceRequest`), and a teller turns the chunks of the
 * answer into the API's own events. Both are pure: identity and time are arguments.
 */
import type { TroopError } from "../../protocol/error-codes.ts";
import type { AnswerFold, Dialect, FinishReason, Usage } from "./answer-shape.ts";
import { chatDialect } from "./chat.ts";
import type { ChatChunk } from "./chat-chunk.ts";
import type { Generated } from "../generate.ts";

/** How a whole answer ended. */
export interface Ending {
  /** `tool_calls` whenever the model called a tool and was not cut off. */
  reason: FinishReason;
  usage: Usage;
  /** Credits, where they are known before the answer leaves: a whole answer has them in a header. */
  cost?: string;
}

/** Of an answer as `generate.stream` gives it. */
export const endingOf = ({ finishChunk, usage, cost }: Generated<ChatChunk>): Ending => ({
  reason: finishChunk.choices[0]?.finish_reason ?? "stop",
  ...{ usage, cost },
});

/** Tells one answer, once. Whatever comes first is preceded by the events that the API begins with. */
export interface Teller<Event extends object> {
  /** What a piece of the answer makes known; the pieces of an answer come in order, whichever nodes they are from. */
  add(chunk: ChatChunk): Event[];
  /** The answer is whole. */
  end(ending: Ending): Event[];
  /** It failed: the API's own events for that, and nothing that looks like the ending of a whole answer. */
  fail(error: TroopError, requestId: string): Event[];
  /** After `end`: the one object for an application that wants no stream. */
  whole(): object;
}

/** A dialect whose answers are folded by a teller: for `generate.whole`. A new attempt begins a new telling. */
export function foldedBy<Event extends object>(
  createTeller: () => Teller<Event>,
  dialect: Dialect<ChatChunk> = chatDialect,
): Dialect<ChatChunk> {
  return { ...dialect, createFold: () => foldOf(createTeller()) };
}

function foldOf(teller: Teller<object>): AnswerFold<ChatChunk> {
  let reason: FinishReason = "stop";
  return {
    add(chunk) {
      reason = chunk.choices[0]?.finish_reason ?? reason;
      teller.add(chunk);
    },
    whole(usage) {
      teller.end({ reason, usage });
      return teller.whole();
    },
  };
}
