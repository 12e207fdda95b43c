/** An engine's bytes, however they are cut and whatever is in them. */
import { describe, expect, test } from "vitest";
import { createAnswerReader } from "./answer-reader.ts";
import { createMeter } from "./meter.ts";

const chat = "/v1/chat/completions";
const bytes = (text: string) => Buffer.from(text);
const read = (text: string, path: "/v1/chat/completions" | "/v1/embeddings" = chat) => {
  const meter = createMeter(0);
  const reader = createAnswerReader(path, meter);
  const { text: passed, state } = reader.data(bytes(text), 0);
  return { passed, state, end: reader.end().state, meter, reader };
};
const event = (fields: object) => `data: ${JSON.stringify(fields)}\n\n`;
const word = event({ id: "a", choices: [{ delta: { content: "é" } }] });
const stop = event({ id: "a", choices: [{ delta: {}, finish_reason: "stop" }] });

test("bytes cut anywhere, within a character too, give the same events", () => {
  const whole = bytes(`${word}${stop}data: [DONE]\n\n`);
  for (let cut = 1; cut < whole.length; cut += 1) {
    const reader = createAnswerReader(chat, createMeter(0));
    const first = reader.data(whole.subarray(0, cut), 0);
    const rest = first.state === "more" ? reader.data(whole.subarray(cut), 0) : first;
    expect(first.text + (rest === first ? "" : rest.text)).toBe(word + stop);
    expect(rest.state).toBe("whole");
  }
});

describe("an answer", () => {
  test.each([
    ["with an end and [DONE]", `${word}${stop}data: [DONE]\n\n`, "whole", "whole"],
    ["with an end alone", word + stop, "more", "whole"],
    ["with neither", word, "more", "broken"],
    ["with an error", word + event({ error: { message: "no" } }), "broken", "broken"],
    ["that is not JSON", "data: nonsense\n\n", "broken", "broken"],
    ["without end of line for a mebibyte", `data: ${"x".repeat(1_048_577)}`, "broken", "broken"],
  ])("%s", (_name, text, state, end) => {
    expect(read(text)).toMatchObject({ state, end });
  });

  test("with comments and other fields passes on events only", () => {
    expect(read(`: ping\n\nevent: message\nid: 7\n${word}`).passed).toBe(word);
  });

  test("of several data lines leaves as one line", () => {
    const { passed } = read(`data: {"id":"a",\ndata: "choices":[]}\n\n`);
    expect(passed).toBe(`data: {"id":"a", "choices":[]}\n\n`);
  });

  test("with nulls for usage and error is an ordinary one", () => {
    const text = event({ id: "a", choices: [], usage: null, error: null });
    expect(read(text)).toMatchObject({ passed: text, state: "more" });
  });
});

test("what follows [DONE] or an error is not passed on", () => {
  expect(read(`${stop}data: [DONE]\n\n${word}`).passed).toBe(stop);
  expect(read(event({ error: {} }) + word).passed).toBe("");
});

test("an end by length has the fields of the answer it ends", () => {
  const { reader } = read(word);
  expect(JSON.parse(reader.lengthEvent()!.slice(6))).toEqual({
    ...{ id: "a", object: "chat.completion.chunk" },
    choices: [{ index: 0, delta: {}, finish_reason: "length" }],
  });
});

test("a document is passed on whole, or not at all", () => {
  const meter = createMeter(0);
  const reader = createAnswerReader("/v1/embeddings", meter);
  const start = `{"data":[],"usage":{"prompt_tokens"`;
  expect(reader.data(bytes(start), 0)).toEqual({ text: "", state: "more" });
  reader.data(bytes(`:3}}`), 0);
  expect(reader.end()).toEqual({ text: `${start}:3}}`, state: "whole" });
  expect(meter.result()).toMatchObject({ promptTokens: 3, estimated: false });
  expect(read(`{"data":[`, "/v1/embeddings").end).toBe("broken");
});
