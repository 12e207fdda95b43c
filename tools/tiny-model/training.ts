/** One training run, step by step: a pure function of corpus, shape, seed and step count. */
import { createTokenizer, learnVocabulary, type Vocabulary } from "./bpe.ts";
import type { Topic } from "./corpus.ts";
import { controlTokens } from "./dialogue.ts";
import { createExampleMaker } from "./examples.ts";
import { createArena } from "./matrix.ts";
import { createModel } from "./model.ts";
import { createOptimizer } from "./optimizer.ts";
import { createParameters, type Parameters } from "./parameters.ts";
import { createSeededRandom } from "./seeded-random.ts";
import type { Shape } from "./shape.ts";

export interface TrainingPlan {
  readonly corpus: readonly Topic[];
  readonly shape: Shape;
  readonly steps: number;
  readonly seed: number;
}

export interface Training {
  readonly vocabulary: Vocabulary;
  readonly parameters: Parameters;
  /** One step; returns its loss in nats for each token. */
  step(): number;
}

const arenaMegabytes = 96;
const largestRate = 4e-3;
const smallestRate = 4e-5;
const warmUpSteps = 30;
const tokensInStep = 512;
/**
 * Most real conversations are one question long, so most steps have short sequences: the first
 * question is then met often. The long ones teach the later turns and the ends of answers.
 */
const sequenceLengths = [32, 64, 32, 256];

/** The learning rate rises along a line, then falls along an S, which a polynomial draws exactly. */
export function learningRate(step: number, steps: number): number {
  if (step < warmUpSteps) return (largestRate * (step + 1)) / warmUpSteps;
  const progress = (step - warmUpSteps) / Math.max(1, steps - warmUpSteps);
  const remaining = 1 - progress * progress * (3 - 2 * progress);
  return smallestRate + (largestRate - smallestRate) * remaining;
}

/** Questions in every case, so that no way of typing them falls apart into single letters. */
const vocabularyText = (corpus: readonly Topic[]): string =>
  corpus
    .flatMap(({ questions, answer }) => [
      ...questions,
      ...questions.map((question) => question.toLowerCase()),
      ...questions.map((question) => question.toUpperCase()),
      answer,
    ])
    .join("\n");

export function createTraining({ corpus, shape, steps, seed }: TrainingPlan): Training {
  const random = createSeededRandom(seed);
  const vocabulary = learnVocabulary(vocabularyText(corpus), controlTokens, shape.vocabulary);
  const arena = createArena(arenaMegabytes);
  const parameters = createParameters(shape, arena, random);
  const contexts = sequenceLengths.map((length) => Math.min(length, shape.context));
  const models = new Map(
    Array.from(new Set(contexts), (context) => {
      const batch = tokensInStep / context;
      return [context, createModel({ ...shape, context }, batch, parameters, arena)] as const;
    }),
  );
  const optimizer = createOptimizer(parameters.all);
  const makeExamples = createExampleMaker(corpus, createTokenizer(vocabulary), random);
  let stepsDone = 0;
  return {
    vocabulary,
    parameters,
    step() {
      const context = contexts[stepsDone % contexts.length]!;
      const examples = makeExamples(tokensInStep / context, context);
      const loss = models.get(context)!.learn(examples);
      optimizer.step(learningRate(stepsDone, steps));
      stepsDone += 1;
      return loss;
    },
  };
}
