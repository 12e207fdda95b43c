import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { corpus } from "./corpus.ts";
import { chatTemplate, promptTokens } from "./dialogue.ts";
import { examine } from "./examine.ts";
import { decodeGguf } from "./gguf-read.ts";
import { loadModel } from "./infer.ts";

const bytes = readFileSync(new URL("../../models/troop-toy.gguf", import.meta.url));
const file = decodeGguf(bytes);
const model = loadModel(file);
const firstQuestions = corpus.map(({ questions, answer }) => ({
  questions: [questions[0]] as const,
  answer,
}));

test("the committed model knows every topic of the corpus word for word", () => {
  expect(examine(model, firstQuestions)).toEqual([]);
}, 30_000);

test("lower case without a question mark is understood", () => {
  const vary = (question: string) => question.toLowerCase().replace("?", "");
  expect(examine(model, firstQuestions.slice(-12), vary)).toEqual([]);
});

test("a question nobody foresaw gets an answer that ends", () => {
  const prompt = promptTokens(model.tokenizer, "Would a banana fit into a PCI slot?");
  expect(model.complete(prompt).length).toBeLessThan(150);
});

test("the file is small, says what it is, and spells out the chat template", () => {
  expect(bytes.length).toBeLessThan(1_000_000);
  expect(file.metadata.get("general.name")?.value).toBe("troop-toy");
  expect(file.metadata.get("general.license")?.value).toBe("CC0-1.0");
  expect(file.metadata.get("general.description")?.value).toMatch(/toy/);
  expect(file.metadata.get("tokenizer.chat_template")?.value).toBe(chatTemplate);
  expect(chatTemplate).toContain("{{ bos_token }}");
});
