/** One answer told from beginning to end, for tests: ids count up, the clock stands. */
import { TroopError, type ErrorCode } from "../../../protocol/error-codes.ts";
import type { FinishReason, Usage } from "../answer-shape.ts";
import type { ChatChunk, ChatDelta } from "../chat-chunk.ts";
import { chatOf } from "./chat-of.ts";
import type { NextId, ResponseEvent, ResponseResource } from "./items.ts";
import { readResponsesRequest, resolveReferences, type ResponsesRequest } from "./request.ts";
import { createResponseTeller, type ResponseTeller } from "./teller.ts";

/** `msg_1`, `msg_2`, `fc_3`, … */
export function countingIds(): NextId {
  let count = 0;
  return (prefix) => `${prefix}_${(count += 1)}`;
}

/** One delta of a chat's answer, with what else its choice has. */
export type Piece = ChatDelta & { logprobs?: unknown };

export const chunkOf = ({ logprobs, ...delta }: Piece): ChatChunk => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1,
  model: "m",
  choices: [{ index: 0, delta, ...(logprobs ? { logprobs } : {}), finish_reason: null }],
});

export type End = { reason: FinishReason; usage: Usage } | { failure: ErrorCode };

export const stop: End = { reason: "stop", usage: { prompt_tokens: 9, completion_tokens: 5 } };

export interface Telling {
  request: ResponsesRequest;
  /** What a node would be asked. */
  chat: object;
  events: ResponseEvent[];
  whole: ResponseResource;
}

export function createTeller(request: ResponsesRequest, nextId = countingIds()): ResponseTeller {
  return createResponseTeller({
    request,
    id: "resp_1",
    createdAt: 1_000,
    nextId,
    now: () => 1_060,
  });
}

export function tellAnswer(body: unknown, answer: readonly Piece[], end: End = stop): Telling {
  const nextId = countingIds();
  const request = readResponsesRequest(body, nextId);
  const teller = createTeller(request, nextId);
  const { model } = request;
  const events = answer.flatMap((piece) => teller.add({ ...chunkOf(piece), model }));
  events.push(
    ...("failure" in end ? teller.fail(new TroopError(end.failure), "req_1") : teller.end(end)),
  );
  const chat = chatOf(
    resolveReferences(request, () => undefined),
    [],
  );
  return { request, chat, events, whole: teller.resource() };
}
