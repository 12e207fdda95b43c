/** What a line typed into a conversation means. */
import { expect, test } from "vitest";
import {
  messagesOf,
  readTyped,
  startConversation,
  transcriptOf,
  withoutLast,
  withTurn,
} from "./conversation.ts";

test.each([
  ["", { kind: "nothing" }],
  ["   ", { kind: "nothing" }],
  [" Who? ", { kind: "question", text: "Who?" }],
  ["//etc is a folder?", { kind: "question", text: "/etc is a folder?" }],
  ["/model qwen3:8b", { kind: "command", name: "model", rest: "qwen3:8b" }],
  [
    "/system You are terse.\nVery.",
    { kind: "command", name: "system", rest: "You are terse.\nVery." },
  ],
  ["/constructor", { kind: "unknown", name: "constructor" }],
  ["/", { kind: "unknown", name: "" }],
] as const)("%j", (line, typed) => {
  expect(readTyped(line)).toEqual(typed);
});

test("turns are kept in order, behind what the model is told to be, and taken back in pairs", () => {
  const begun = startConversation("m", "Be terse.");
  const asked = withTurn(begun, "user", "One?");
  const whole = withTurn(
    withTurn(withTurn(asked, "assistant", "1"), "user", "Two?"),
    "assistant",
    "2",
  );
  expect(messagesOf(whole).map(({ content }) => content)).toEqual([
    "Be terse.",
    "One?",
    "1",
    "Two?",
    "2",
  ]);
  expect(withoutLast(whole)).toEqual({
    talk: withTurn(asked, "assistant", "1"),
    question: "Two?",
  });
  expect(withoutLast(begun)).toEqual({ talk: begun, question: undefined });
  expect(transcriptOf(whole)).toContain("**You:**\n\nTwo?\n\n**m:**\n\n2\n");
});
