/** Conversations of Anthropic's Messages API, from request to last event, as `test/vectors/anthropic/` has them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readPackageTypes } from "../../../../test/support/package-schema.ts";
import { readInferenceRequest } from "../../../protocol/chat.ts";
import { type ErrorCode, TroopError } from "../../../protocol/error-codes.ts";
import type { FinishReason, Usage } from "../answer-shape.ts";
import type { ChatChunk, ChatDelta } from "../chat-chunk.ts";
import { createMessagesTeller, type MessagesEvent } from "./teller.ts";
import { readMessagesRequest } from "./to-chat.ts";

interface Golden {
  what: string;
  request: { stream?: boolean };
  /** The body that goes on from here. */
  candidate: Record<string, unknown>;
  ignored: string[];
  answer?:
    | { deltas: ChatDelta[]; reason: FinishReason; usage: Usage }
    | { deltas: ChatDelta[]; fails: ErrorCode };
  events?: MessagesEvent[];
  whole?: object;
}
type Answered = Golden & Required<Pick<Golden, "answer" | "events">>;

const folder = join(import.meta.dirname, "../../../../test/vectors/anthropic");
const goldens = readdirSync(folder).map(
  (name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Golden,
);
const answered = goldens.filter((golden): golden is Answered => golden.answer !== undefined);

const identity = { id: "msg_1", model: "toy:1b", estimatedTokens: 5 };
const chunkOf = (delta: ChatDelta): ChatChunk => ({
  ...{ id: "chatcmpl-1", object: "chat.completion.chunk", created: 0, model: "toy:1b" },
  choices: [{ index: 0, delta, finish_reason: null }],
});

test.each(goldens)("$what: the request becomes the chat that it says", (golden) => {
  const { request, candidate, ignored } = golden;
  const isStream = request.stream === true;
  expect(readMessagesRequest(request)).toEqual({ candidate, ignored, isStream });
  // What goes on is within what nodes take, and nothing of it falls by the way.
  expect(readInferenceRequest("/v1/chat/completions", candidate).ignored).toEqual([]);
});

test.each(answered)("$what: the answer is told event by event", ({ answer, events, whole }) => {
  const teller = createMessagesTeller(identity);
  const told = answer.deltas.flatMap((delta) => teller.add(chunkOf(delta)));
  if ("fails" in answer) {
    told.push(...teller.fail(new TroopError(answer.fails), "r-1"));
    expect(told.map(({ type }) => type)).not.toContain("message_stop");
  } else told.push(...teller.end(answer));
  expect(told).toEqual(events);
  if (whole) expect(teller.whole()).toEqual(whole);
});

test("every event and every message is what Anthropic's own types say", () => {
  const types = readPackageTypes("@anthropic-ai/sdk/resources/messages/messages");
  for (const { what, events, whole } of answered) {
    for (const event of events) {
      if (event.type !== "error")
        expect(types.faults("RawMessageStreamEvent", event), what).toEqual([]);
    }
    if (whole) expect(types.faults("Message", whole), what).toEqual([]);
  }
  // The types are looked at: they know a member too many, and one too few.
  expect(types.faults("RawMessageStreamEvent", { type: "message_stop", more: 1 })).not.toEqual([]);
  expect(types.faults("Message", { ...answered[0]!.whole, usage: {} })).not.toEqual([]);
}, 60_000);
