import { expect, test } from "vitest";
import { promptBytes } from "../../protocol/prompt-size.ts";
import { readChunk } from "./chunk.ts";
import { createMeter, finishOf } from "./meter.ts";

const chunk = (fields: object) => readChunk(JSON.stringify(fields))!;
const delta = (fields: object) => chunk({ choices: [{ delta: fields, finish_reason: null }] });

test.each<[string, object, number]>([
  ["content", { content: "héllo" }, 6],
  ["reasoning", { reasoning_content: "hm" }, 2],
  ["reasoning by its other name", { reasoning: "hm" }, 2],
  ["reasoning under both names at once", { reasoning: "hm", reasoning_content: "hm" }, 2],
  ["a tool call", { tool_calls: [{ function: { name: "f", arguments: "{}" } }] }, 3],
  ["a role alone", { role: "assistant", content: "" }, 0],
  ["nothing", {}, 0],
  ["what is no text", { content: 7, tool_calls: [null, { function: 1 }] }, 0],
])("%s counts its bytes", (_name, fields, bytes) => {
  expect(delta(fields).deltaBytes).toBe(bytes);
});

test("a completion's text counts as chat's content does", () => {
  expect(chunk({ choices: [{ text: "abc" }] }).deltaBytes).toBe(3);
});

test.each(["{", "null", "7", `"text"`])("%s is no event", (text) => {
  expect(readChunk(text)).toBeUndefined();
});

test.each([
  ...[{ prompt_tokens: -1 }, { prompt_tokens: "7" }, { prompt_tokens: 1.5 }, null, 7],
  // No line could state these, and one that did would spoil its whole statement.
  ...[{ prompt_tokens: 1e8 + 1 }, { prompt_tokens: 1, completion_tokens: 2 ** 53 - 1 }],
])("usage %j is none", (usage) => {
  expect(chunk({ usage }).usage).toBeUndefined();
});

test("counts may be as large as a line can state, estimates are never larger", () => {
  const usage = { prompt_tokens: 1e8, completion_tokens: 1e8 };
  expect(chunk({ usage }).usage).toEqual({ promptTokens: 1e8, completionTokens: 1e8 });
  expect(createMeter(2 ** 40).result().promptTokens).toBe(1e8);
});

test("waiting for a slow reader is not billed, also where it never ended", () => {
  const meter = createMeter(0);
  meter.begin(100);
  meter.pause(200);
  expect(meter.soFar(300).billedMs).toBe(100);
  meter.resume(500);
  expect(meter.soFar(600).billedMs).toBe(200);
  meter.pause(600);
  meter.end(900);
  meter.end(5_000);
  expect(meter.result().billedMs).toBe(200);
});

test("a second engine starts the count anew, and a request that reached none is not billed", () => {
  const meter = createMeter(0);
  expect(meter.result().billedMs).toBe(0);
  meter.begin(100);
  meter.count(delta({ content: "lost" }), 150);
  meter.count(chunk({ choices: [{ finish_reason: "length" }], usage: { prompt_tokens: 9 } }), 160);
  meter.pause(200);
  meter.end(300);
  meter.begin(1_000);
  expect(meter.soFar(1_100)).toEqual({ billedMs: 100, promptTokens: 0, completionTokens: 0 });
  meter.end(1_250);
  expect([meter.hasContent, meter.finishReason]).toEqual([false, undefined]);
  expect(meter.result()).toEqual({
    ...{ billedMs: 250, promptTokens: 0, completionTokens: 0 },
    ...{ estimated: true, firstContentAt: undefined },
  });
});

test("the engine's count stands, else bytes by four, rounded up", () => {
  const meter = createMeter(9);
  meter.begin(0);
  meter.count(delta({ content: "abcde" }), 40);
  meter.count(delta({ content: "f" }), 50);
  expect(meter.soFar(60)).toMatchObject({ promptTokens: 0, completionTokens: 2 });
  expect(meter.result()).toMatchObject({
    ...{ promptTokens: 3, completionTokens: 2, estimated: true, firstContentAt: 40 },
  });
  meter.count(chunk({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 11 } }), 70);
  expect(meter.result()).toMatchObject({ promptTokens: 5, completionTokens: 11, estimated: false });
});

test.each([
  ["stop", "stop"],
  ["length", "length"],
  ["tool_calls", "tool_calls"],
  ["function_call", "tool_calls"],
  ["content_filter", "stop"],
  [undefined, "stop"],
])("an engine's %s is our %s", (reason, finish) => {
  expect(finishOf(reason)).toBe(finish);
});

test("a prompt is as long as its text: neither images nor labels count", () => {
  const image = { type: "image_url", image_url: { url: `data:,${"x".repeat(999)}` } };
  const content = [{ type: "text", text: "abcd" }, image];
  const messages = [
    { role: "user", content },
    { role: "assistant", tool_calls: [{ id: "call_1", function: { name: "f", arguments: "{}" } }] },
    { role: "tool", tool_call_id: "call_1", content: "ef" },
  ];
  expect(promptBytes("/v1/chat/completions", { messages, temperature: 1 })).toBe(9);
  expect(promptBytes("/v1/completions", { prompt: ["abc"], suffix: "d" })).toBe(4);
  expect(promptBytes("/v1/embeddings", { input: [1, 2, 3] })).toBe(12);
});
