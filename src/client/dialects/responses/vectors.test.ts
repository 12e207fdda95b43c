/** Golden transcripts: what is asked, what a node says, and every event and resource that becomes of it. */
import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import {
  expectEvent,
  expectPublished,
  expectResponse,
} from "../../../../test/support/openai-schema.ts";
import { expectOrder } from "../../../../test/support/response-order.ts";
import { readInferenceRequest } from "../../../protocol/chat.ts";
import { chunkOf, createTeller, type End, type Piece, tellAnswer } from "./telling.fixture.ts";

interface Vector {
  title: string;
  request: object;
  ignored: string[];
  chat: object;
  answer: Piece[];
  end: End;
  events: object[];
  whole: object;
}

const folder = new URL("../../../../test/vectors/responses/", import.meta.url);
const vectors = readdirSync(folder).map(
  (name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Vector,
);

// The types are read once, which takes seconds.
beforeAll(() => expectPublished("ResponseStatus", "queued"), 60_000);

describe.each(vectors)("$title", ({ request, answer, end, ...golden }) => {
  const told = tellAnswer(request, answer, end);

  test("is told as it always was", () => {
    expect(told.request.ignored).toEqual(golden.ignored);
    expect(told.chat).toEqual(golden.chat);
    expect(told.events).toEqual(golden.events);
    expect(told.whole).toEqual(golden.whole);
  });

  test("each event, the resource and the kept items are as OpenAI publishes them", () => {
    for (const event of told.events) expectEvent(event);
    expectResponse(told.whole);
    const teller = createTeller(told.request);
    for (const piece of answer) teller.add(chunkOf(piece));
    expectResponse(teller.resource());
    if (!("failure" in end)) teller.end(end);
    for (const item of [...told.request.input, ...teller.output()])
      expectPublished("ResponseItem", item);
  });

  test("the events follow one another as OpenAI's do, and end in the resource", () => {
    expect(expectOrder(told.events)).toEqual(told.whole);
  });

  test("a node takes the chat as it is", () => {
    // Pictures are fetched before it is checked.
    const chat = JSON.parse(
      JSON.stringify(told.chat).replaceAll(/https:[^"]*/g, "data:image/png;base64,AAAA"),
    ) as object;
    expect(readInferenceRequest("/v1/chat/completions", chat).ignored).toEqual([]);
  });
});

test("there are transcripts of everything that an answer can be", () => {
  expect(vectors.length).toBeGreaterThanOrEqual(17);
});
