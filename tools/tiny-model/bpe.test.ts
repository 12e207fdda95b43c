import { expect, test } from "vitest";
import { createTokenizer, learnVocabulary } from "./bpe.ts";
import { byteCharacters } from "./byte-alphabet.ts";

const sample = "a ticket, the ticket, tickets: a troop lends what it does not use";
const vocabulary = learnVocabulary(sample, ["<|begin|>", "<|end|>"], 280);
const tokenizer = createTokenizer(vocabulary);

test.each([
  sample,
  "",
  "   two  spaces\n\tand a tab ",
  "It's 2024; they've 1,000 credits…",
  "Grüße, 猿 and 🐒",
  "\u0000\u007f\u00a0\u00ad",
])("encoding %j and decoding it gives it back", (text) => {
  expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
});

test("a learnt word is shorter than its bytes, and learnt in a fixed order", () => {
  expect(tokenizer.encode(" ticket").length).toBeLessThan(4);
  expect(learnVocabulary(sample, ["<|begin|>", "<|end|>"], 280)).toEqual(vocabulary);
});

test("text that spells a control token stays text", () => {
  const ids = tokenizer.encode("<|end|>");
  expect(Math.min(...ids)).toBeGreaterThanOrEqual(vocabulary.controls);
  expect(tokenizer.decode([0, ...ids, 1])).toBe("<|end|>");
});

test("the byte alphabet is GPT-2's: 256 distinct characters, the space is Ġ", () => {
  expect(new Set(byteCharacters).size).toBe(256);
  expect(byteCharacters[0x20]).toBe("Ġ");
  expect(byteCharacters[0x0a]).toBe("Ċ");
  expect(byteCharacters[0x41]).toBe("A");
});
