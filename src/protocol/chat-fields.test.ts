/** What is within the fields: kept, dropped by name, or refused with the place that is wrong. */
import { expect, test } from "vitest";
import { readInferenceRequest } from "./chat.ts";

const chat = (fields: object) =>
  readInferenceRequest("/v1/chat/completions", {
    ...{ model: "m", messages: [{ role: "user", content: "hello" }] },
    ...fields,
  });
const refusal = (fields: object) => {
  try {
    chat(fields);
    return undefined;
  } catch (error) {
    const { code, param, message } = error as { code: string; param: string; message: string };
    return { code, param, message };
  }
};

test("a key within a field is dropped and named once, by its path", () => {
  const text = { type: "text", text: "hello", cache_control: { type: "ephemeral" } };
  const messages = [1, 2].map(() => ({ role: "user", content: [text], id: "7", images: null }));
  const kwargs = { enable_thinking: true, chat_template: "{{ evil }}", tokenize: true };
  const { fields, ignored } = chat({ messages, chat_template_kwargs: kwargs });
  expect(ignored).toEqual([
    ...["messages.content.cache_control", "messages.id"],
    ...["chat_template_kwargs.chat_template", "chat_template_kwargs.tokenize"],
  ]);
  expect(fields).toEqual({
    messages: [1, 2].map(() => ({ role: "user", content: [{ type: "text", text: "hello" }] })),
    chat_template_kwargs: { enable_thinking: true },
  });
});

test("who makes up thousands of keys is told of a hundred of them", () => {
  const odd = Array.from({ length: 4_000 }, (_, index) => ({ role: "user", [`x${index}`]: 1 }));
  expect(chat({ messages: odd }).ignored.length).toBeLessThanOrEqual(100);
});

test("a schema's own keys are the caller's, all the way down", () => {
  const schema = {
    $schema: "http://json-schema.org/draft-07/schema#",
    properties: { $ref: { type: "string" }, url: { $ref: "#/$defs/url" } },
    $defs: { url: { examples: ["https://example.com"], "x-of-mine": { a: [1] } } },
  };
  const tools = [{ type: "function", function: { name: "f", parameters: schema } }];
  expect(chat({ tools })).toMatchObject({ fields: { tools }, ignored: [] });
});

const part = (content: object) => ({ messages: [{ role: "user", content: [content] }] });
test.each<[string, object, string]>([
  ["an unknown part", part({ type: "audio_url" }), "messages.0.content.0.type"],
  [
    "an image elsewhere",
    part({ type: "image_url", image_url: { url: "https://a/" } }),
    "messages.0.content.0.image_url.url",
  ],
  ["a part without its text", part({ type: "text" }), "messages.0.content.0.text"],
  [
    "a call without arguments",
    { messages: [{ role: "assistant", tool_calls: [{ function: { name: "f" } }] }] },
    "messages.0.tool_calls.0.function.arguments",
  ],
  [
    "a schema elsewhere",
    { response_format: { type: "json_schema", schema: { $ref: "http://a/" } } },
    "response_format.schema",
  ],
  ["a bias on a word", { logit_bias: { word: 1 } }, "logit_bias"],
])("%s is refused, with its place", (_what, fields, param) => {
  expect(refusal(fields)).toMatchObject({ code: "invalid_value", param });
});

test("who sends an image's address is told what can be sent", () => {
  const { message } = refusal(part({ type: "image_url", image_url: { url: "https://a/" } }))!;
  expect(message).toContain("data: URL");
});
