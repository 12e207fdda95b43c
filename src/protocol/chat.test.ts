import { expect, test } from "vitest";
import { readInferenceRequest } from "./chat.ts";

const chat = (body: unknown) => readInferenceRequest("/v1/chat/completions", body);
const messages = [{ role: "user", content: "hello" }];

test("known fields pass, unknown ones are dropped and named, null means not set", () => {
  expect(
    chat({ model: "m", messages, temperature: 0, user: "me", metadata: {}, seed: null }),
  ).toEqual({
    model: "m",
    fields: { messages, temperature: 0 },
    ignored: ["user", "metadata"],
  });
});

test("a developer's message is the system's, which is all that most models' templates know", () => {
  const rules = { role: "developer", content: "Be brief." };
  expect(chat({ model: "m", messages: [rules] }).fields).toEqual({
    messages: [{ ...rules, role: "system" }],
  });
});

test("names from an object's prototype are no fields", () => {
  const body = JSON.parse(
    `{"model":"m","messages":[{"role":"user"}],"__proto__":{"n":9},"constructor":1}`,
  ) as unknown;
  expect(chat(body).ignored).toEqual(["__proto__", "constructor"]);
});

test.each([
  ["no object", [], undefined],
  ["no model", { messages }, "model"],
  ["no messages", { model: "m" }, "messages"],
  ["an unknown role", { model: "m", messages: [{ role: "boss" }] }, "messages.0.role"],
  ["a temperature beyond its bounds", { model: "m", messages, temperature: 9 }, "temperature"],
  ["more than one choice", { model: "m", messages, n: 2 }, "n"],
])("a request with %s is refused and names the parameter", (_case, body, param) => {
  expect(() => chat(body)).toThrow(expect.objectContaining({ code: "invalid_value", param }));
});

test("a key that the caller made up does not come back", () => {
  const body = { model: "m", messages, logit_bias: { "my secret": "much" } };
  expect(() => chat(body)).toThrow(expect.objectContaining({ param: "logit_bias" }));
  expect(() => chat(body)).not.toThrow(/secret/);
});
