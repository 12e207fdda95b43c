/** What is asked of the node that goes on with an answer, and which answers nobody goes on with. */
import { expect, test } from "vitest";
import { restOf } from "./continuation.ts";

const chat = "/v1/chat/completions";
const messages = [{ role: "user", content: "Count." }];
const said = (text: string, tokens = 3) => ({ text, tokens, isPlain: true });

test("the text so far is the beginning of the assistant's turn", () => {
  expect(restOf(chat, { messages, seed: 7 }, said("one two"))).toEqual({
    capability: "prefill",
    fields: {
      messages: [...messages, { role: "assistant", content: "one two" }],
      continue_final_message: true,
      seed: 7,
    },
    seam: "",
    tokens: 3,
  });
});

test("white space at its end is left to whoever goes on", () => {
  const rest = restOf(chat, { messages }, said("one\n\n"))!;
  expect(rest.fields["messages"]).toContainEqual({ role: "assistant", content: "one" });
  expect(rest.seam).toBe("\n\n");
});

test("where nothing but white space was said, the question is asked again", () => {
  const rest = restOf(chat, { messages }, said("\n"));
  expect(rest).toMatchObject({ capability: "chat", fields: { messages }, seam: "\n" });
});

test("a plain completion is not continued: some engines would put prompt and text into a chat", () => {
  expect(restOf("/v1/completions", { prompt: "one" }, said(" two "))).toBeUndefined();
});

test("what was said counts towards the longest answer", () => {
  const rest = restOf(chat, { messages, max_tokens: 10, max_completion_tokens: 10 }, said("a", 4));
  expect(rest?.fields).toMatchObject({ max_tokens: 6, max_completion_tokens: 6 });
  expect(restOf(chat, { messages, max_tokens: 4 }, said("a", 4))).toBeUndefined();
});

const tool = { type: "function", function: { name: "f" } };
const broken: [string, object][] = [
  ["that may call tools", { tools: [tool] }],
  ["that a schema bounds", { response_format: { type: "json_object" } }],
  ["with the probabilities of tokens", { logprobs: true }],
  ["to what was an answer's beginning itself", { messages: [{ role: "assistant", content: "a" }] }],
];
test.each(broken)("an answer %s is not continued", (_what, fields) => {
  expect(restOf(chat, { messages, ...fields }, said("one"))).toBeUndefined();
  expect(restOf(chat, { messages }, said("one"))).toBeDefined();
});

test("nor one that said anything but text, or half a character", () => {
  expect(restOf(chat, { messages }, { ...said("one"), isPlain: false })).toBeUndefined();
  expect(restOf(chat, { messages }, said("one\ud83d"))).toBeUndefined();
});

test("nor one whose last words may be the beginning of a stop text", () => {
  const of = (text: string, stop: unknown) => restOf(chat, { messages, stop }, said(text));
  expect(of("one EN", ["END"])).toBeUndefined();
  expect(of("one EN", "END")).toBeUndefined();
  expect(of("one\nUs", ["\nUser:"])).toBeUndefined();
  expect(of("one EN ", ["END"])).toBeDefined();
  // Who goes on says it again, and so sees all of it.
  expect(of("one\n", ["\n\n", "\nUser:"])).toMatchObject({ seam: "\n" });
});
