/** Conversations of Ollama's API from request to last line, as `test/vectors/ollama/` has them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TroopError, type ErrorCode } from "../../../protocol/error-codes.ts";
import { readInferenceRequest } from "../../../protocol/chat.ts";
import type { FinishReason, Usage } from "../answer-shape.ts";
import type { ChatChunk, ChatDelta } from "../chat-chunk.ts";
import { type OllamaRequest, readChat, readGenerate } from "./request.ts";
import { createOllamaTeller, type OllamaForm, type OllamaTellerParts } from "./teller.ts";

interface Golden {
  what: string;
  api: OllamaForm;
  request: object;
  /** What it is read as; of a chat, the body that goes on from here. */
  read: Record<string, unknown>;
  answer?:
    { deltas: Delta[]; reason: FinishReason; usage: Usage } | { deltas: Delta[]; fails: ErrorCode };
  events?: object[];
  whole?: object;
}
type Delta = ChatDelta & { logprobs?: unknown };

const folder = join(import.meta.dirname, "../../../../test/vectors/ollama");
const goldens = readdirSync(folder).map(
  (name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Golden,
);

const readers = { chat: readChat, generate: readGenerate };
const plain = (request: OllamaRequest) => ({ ...request, ignored: [...request.ignored] });

const chunkOf = ({ logprobs, ...delta }: Delta): ChatChunk => ({
  ...{ id: "chatcmpl-1", object: "chat.completion.chunk", created: 0, model: "toy:1b" },
  choices: [{ index: 0, delta, ...(logprobs ? { logprobs } : {}), finish_reason: null }],
});

/** Each piece of an answer takes a quarter of a second. */
const pieceMs = 250;
function createSteps(): OllamaTellerParts["clock"] & { step(): void } {
  let at = 0;
  return {
    now: () => Date.UTC(2026, 0, 1) + at,
    monotonic: () => at,
    step: () => void (at += pieceMs),
  };
}

function telling({ api, request, answer }: Golden & { answer: NonNullable<Golden["answer"]> }) {
  const clock = createSteps();
  const { model } = request as { model: string };
  const teller = createOllamaTeller({ form: api, model, clock });
  const events = answer.deltas.flatMap((delta) => {
    clock.step();
    return teller.add(chunkOf(delta));
  });
  clock.step();
  if ("fails" in answer)
    return { events: [...events, ...teller.fail(new TroopError(answer.fails), "r-1")] };
  const ending = teller.end({ reason: answer.reason, usage: answer.usage, cost: "0.25" });
  return { events: [...events, ...ending], whole: teller.whole() };
}

test.each(goldens)("$what: the request is read as it says", ({ api, request, read }) => {
  const wish = readers[api](request);
  expect(plain(wish)).toEqual(read);
  // What is asked on our behalf is within what nodes take, and nothing of it falls by the way.
  if (wish.kind === "ask")
    expect(
      readInferenceRequest(wish.path, { model: wish.model, ...wish.candidate }).ignored,
    ).toEqual([]);
});

const answered = goldens.filter((golden) => "answer" in golden);
test.each(answered)("$what: the answer is told line by line", (golden) => {
  const { events, whole } = golden;
  expect(telling(golden as Parameters<typeof telling>[0])).toEqual({
    events,
    ...(whole ? { whole } : {}),
  });
});
