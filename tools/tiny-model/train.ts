/**
 * Trains the demo's toy model and writes it: `node tools/tiny-model/train.ts --out FILE`.
 * Fails when the model does not answer every question of its corpus word for word.
 */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { corpus } from "./corpus.ts";
import { examine } from "./examine.ts";
import { toGguf } from "./export.ts";
import { decodeGguf } from "./gguf-read.ts";
import { encodeGguf } from "./gguf-write.ts";
import { loadModel } from "./infer.ts";
import type { Shape } from "./shape.ts";
import { createTraining } from "./training.ts";

const shape: Shape = {
  vocabulary: 1_024,
  context: 256,
  width: 96,
  heads: 3,
  layers: 3,
  hidden: 256,
};
const stepsBetweenReports = 50;

const { values: options } = parseArgs({
  options: {
    out: { type: "string", default: "models/troop-toy.gguf" },
    steps: { type: "string", default: "1500" },
    seed: { type: "string", default: "20" },
  },
});

const steps = Number(options.steps);
const training = createTraining({ corpus, shape, steps, seed: Number(options.seed) });
const { vocabulary, parameters } = training;
const weightCount = parameters.all.reduce((sum, { weight }) => sum + weight.values.length, 0);
console.error(`${weightCount} weights, ${vocabulary.merges.length} merges, ${steps} steps`);

let lossSum = 0;
for (let step = 1; step <= steps; step += 1) {
  lossSum += training.step();
  if (step % stepsBetweenReports === 0) {
    console.error(`step ${step}: loss ${(lossSum / stepsBetweenReports).toFixed(4)}`);
    lossSum = 0;
  }
}

const bytes = encodeGguf(toGguf(shape, vocabulary, parameters));
writeFileSync(options.out, bytes);
const digest = createHash("sha256").update(bytes).digest("hex");
console.log(`${options.out}: ${bytes.length} bytes, sha256 ${digest}`);

const misses = examine(loadModel(decodeGguf(bytes)), corpus);
for (const { question, given } of misses) console.error(`not learnt: ${question} → ${given}`);
const asked = corpus.reduce((count, { questions }) => count + questions.length, 0);
console.log(`${asked - misses.length} of ${asked} questions answered word for word`);
if (misses.length > 0) process.exitCode = 1;
