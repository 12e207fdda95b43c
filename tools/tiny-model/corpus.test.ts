import { expect, test } from "vitest";
import { createTokenizer, learnVocabulary } from "./bpe.ts";
import { corpus } from "./corpus.ts";

const questions = corpus.flatMap((topic) => topic.questions);

test("every question is asked once, whatever its case and closing", () => {
  const plain = questions.map((question) => question.toLowerCase().replace(/[?!.]+$/, ""));
  expect(new Set(plain).size).toBe(questions.length);
});

test("the corpus holds at least 30 topics and 60 questions", () => {
  expect(corpus.length).toBeGreaterThanOrEqual(30);
  expect(questions.length).toBeGreaterThanOrEqual(60);
});

test("no two topics share an answer, and no answer is long", () => {
  const answers = corpus.map(({ answer }) => answer);
  expect(new Set(answers).size).toBe(answers.length);
  const text = [...questions, ...answers].join("\n");
  const { encode } = createTokenizer(learnVocabulary(text, [], 768));
  for (const answer of answers) expect(encode(answer).length, answer).toBeLessThanOrEqual(60);
});

test("the model says that it is a toy", () => {
  const about = corpus.find((topic) => topic.questions.includes("Who are you?"));
  expect(about?.answer).toMatch(/\btoy\b/);
});
