import { expect, test } from "vitest";
import { corpus } from "./corpus.ts";
import { examine } from "./examine.ts";
import { toGguf } from "./export.ts";
import { decodeGguf } from "./gguf-read.ts";
import { encodeGguf } from "./gguf-write.ts";
import { loadModel } from "./infer.ts";
import type { Shape } from "./shape.ts";
import { createTraining, learningRate } from "./training.ts";

const shape: Shape = { vocabulary: 320, context: 128, width: 16, heads: 2, layers: 1, hidden: 24 };

function train(seed: number, steps: number, topics = corpus) {
  const training = createTraining({ corpus: topics, shape, steps, seed });
  const losses = Array.from({ length: steps }, () => training.step());
  return { losses, file: toGguf(shape, training.vocabulary, training.parameters) };
}

test("the same seed gives the same bytes, another seed gives others", () => {
  const bytes = (seed: number) => encodeGguf(train(seed, 4).file);
  expect(bytes(1)).toEqual(bytes(1));
  expect(bytes(1)).not.toEqual(bytes(2));
});

test("what was trained is what another implementation of the architecture reads from the file", () => {
  const topics = corpus.slice(0, 2).map(({ questions, answer }) => ({
    questions: [questions[0]] as const,
    answer: answer.slice(0, 12),
  }));
  const { losses, file } = train(3, 250, topics);
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 10);
  expect(examine(loadModel(decodeGguf(encodeGguf(file))), topics)).toEqual([]);
}, 30_000);

test("the learning rate rises, then falls, and never reaches zero", () => {
  const rates = Array.from({ length: 200 }, (_, step) => learningRate(step, 200));
  const peak = rates.indexOf(Math.max(...rates));
  expect(rates.slice(0, peak)).toEqual(rates.slice(0, peak).toSorted((a, b) => a - b));
  expect(rates.slice(peak)).toEqual(rates.slice(peak).toSorted((a, b) => b - a));
  expect(Math.min(...rates)).toBeGreaterThan(0);
});
