import { expect, test } from "vitest";
import { createTokenizer, learnVocabulary } from "./bpe.ts";
import { noTarget } from "./cross-entropy.ts";
import { assistant, begin, controlTokens, promptTokens, system, user } from "./dialogue.ts";
import { createExampleMaker, varyQuestion } from "./examples.ts";
import { createSeededRandom } from "./seeded-random.ts";

const corpus = [{ questions: ["Who climbs?", "Who sits up there?"] as const, answer: "A monkey." }];
const tokenizer = createTokenizer(learnVocabulary("a monkey climbs", controlTokens, 300));

test("only answers are to be learnt, and each target is the token that follows", () => {
  const make = createExampleMaker(corpus, tokenizer, createSeededRandom(5));
  const { tokens, targets } = make(4, 128);
  let isAnswer = false;
  let learnt = 0;
  tokens.forEach((token, position) => {
    if (position % 128 === 0) expect(token).toBe(begin);
    if (token === assistant) isAnswer = true;
    if (token === user || token === system || token === begin) isAnswer = false;
    const target = targets[position]!;
    if (target === noTarget) return;
    learnt += 1;
    expect(isAnswer).toBe(true);
    if (position % 128 !== 127) expect(target).toBe(tokens[position + 1]);
  });
  expect(learnt).toBeGreaterThan(50);
});

test("a varied question is the same question but for case, closing and at most one letter", () => {
  const random = createSeededRandom(6);
  const plain = (text: string) => text.toLowerCase().replace(/[ ?!.]+$/, "");
  for (let round = 0; round < 500; round += 1) {
    const varied = plain(varyQuestion("Who climbs?", random));
    expect(varied.length).toBeGreaterThanOrEqual(plain("Who climbs?").length - 1);
    expect(Array.from(varied).every((letter) => "who climbs".includes(letter))).toBe(true);
  }
});

test("a prompt is laid out as the chat template lays it out", () => {
  const text = (ids: readonly number[]) =>
    ids.map((id) => controlTokens[id] ?? tokenizer.decode([id])).join("");
  const earlier = [{ question: "Hi", answer: "Hello!" }];
  expect(text(promptTokens(tokenizer, "Why?", earlier, "Be kind."))).toBe(
    "<|begin|><|system|>Be kind.<|user|>Hi<|assistant|>Hello!<|end|><|user|>Why?<|assistant|>",
  );
});
