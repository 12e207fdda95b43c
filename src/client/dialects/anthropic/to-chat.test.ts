/** What a request to Anthropic's API is refused for, in that API's own names, and what it loses without a word. */
import { expect, test } from "vitest";
import { estimateTokens } from "./estimate.ts";
import { readMessagesRequest } from "./to-chat.ts";

const say = (...content: unknown[]) => ({ messages: [{ role: "user", content }] });
const read = (change: object) =>
  readMessagesRequest({ model: "toy:1b", max_tokens: 64, ...say(), ...change });
const text = { type: "text", text: "Hello?" };
const image = (source: object) => ({ type: "image", source });
const document = (source: object) => ({ type: "document", source });

test.each([
  ["model", { model: "" }],
  ["messages", { messages: [] }],
  ["messages", { messages: null }],
  ["messages.0.role", { messages: [{ role: "tool", content: "1" }] }],
  ["messages.0.content", { messages: [{ role: "user", content: 1 }] }],
  ["messages.0.content.0.type", say({ text: "Hello?" })],
  ["messages.0.content.1.text", say(text, { type: "text" })],
  ["messages.0.content.0.source.media_type", say(image(png({ media_type: "image/svg+xml" })))],
  ["messages.0.content.0.source.data", say(image(png({ data: "<svg/>" })))],
  ["messages.0.content.0.source", say(image({ type: "file", file_id: "file_1" }))],
  ["messages.0.content.0.source", say(document({ type: "file", file_id: "file_1" }))],
  ["messages.0.content.0.source", say(document({ type: "url", url: "https://a.example/b.pdf" }))],
  [
    "messages.0.content.0.source",
    say(document({ type: "base64", media_type: "application/pdf", data: "JVBERi0=" })),
  ],
  ["messages.0.content.0.type", say({ type: "tool_use", id: "a", name: "b", input: {} })],
  [
    "messages.0.content.0.content.0.type",
    say({ type: "tool_result", tool_use_id: "a", content: [{ type: "thinking", thinking: "" }] }),
  ],
  ["messages.0.content.1.type", say(text, { type: "container_upload", file_id: "file_1" })],
  ["max_tokens", { max_tokens: 0 }],
  ["stop_sequences", { stop_sequences: Array.from({ length: 17 }, String) }],
  ["tool_choice.name", { tool_choice: { type: "tool" } }],
  ["tools.0.input_schema", { tools: [{ name: "a", input_schema: "none" }] }],
  ["output_config.format.type", { output_config: { format: { type: "grammar", schema: {} } } }],
  ["thread", { thread: { type: "continue", previous_message_id: "msg_1" } }],
])("%s is named where it is wrong", (param, change) => {
  expect(() => read(change)).toThrow(expect.objectContaining({ code: "invalid_value", param }));
});

function png(change: object) {
  return { type: "base64", media_type: "image/png", data: "AAAA", ...change };
}

test("what is wrong is not repeated", () => {
  const secret = "no-one-s-business";
  expect(() => read({ messages: [{ role: secret, content: [] }] })).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining(secret) as string }),
  );
});

test("hints to caches, signatures and sources of quotations go without a word, the rest by name", () => {
  const hinted = { ...text, cache_control: { type: "ephemeral" }, citations: [], odd: 1 };
  const thought = { type: "thinking", thinking: "", signature: "s" };
  const asked = {
    ...{ service_tier: "auto", container: "c", speed: null },
    messages: [
      { role: "user", content: [hinted] },
      { role: "assistant", content: [thought] },
    ],
  };
  expect(read(asked).ignored).toEqual(["service_tier", "container", "messages.content.odd"]);
});

test("an estimate counts tools and arguments too, and an image by a constant whatever its bytes", () => {
  const tokens = (change: object) => estimateTokens(read(change).candidate);
  const hello = tokens(say(text));
  expect(hello).toBe(2);
  expect(tokens(say(text, image(png({ data: "AAAA".repeat(10_000) }))))).toBe(hello + 1_024);
  const tools = [{ name: "weather", input_schema: { properties: { city: { title: "x" } } } }];
  expect(tokens({ ...say(text), tools })).toBeGreaterThan(hello);
});

test("a turn of 130,000 blocks is read, wherever they stand", () => {
  const many = <Part>(part: Part) => Array.from({ length: 130_000 }, () => part);
  const seen = image({ type: "url", url: "https://a.example/b.png" });
  const shown = { type: "tool_result", tool_use_id: "a", content: many(seen) };
  const messages = [
    { role: "user", content: "Hello?" },
    { role: "user", content: many(text) },
  ];
  expect(() => read({ messages })).not.toThrow();
  expect(() => read(say(shown))).not.toThrow();
});
