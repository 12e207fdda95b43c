import { expect, test } from "vitest";
import { noTarget } from "./cross-entropy.ts";
import { createArena } from "./matrix.ts";
import { createModel } from "./model.ts";
import { createParameters } from "./parameters.ts";
import { createSeededRandom } from "./seeded-random.ts";
import type { Shape } from "./shape.ts";

// Two blocks of attention, two heads, two layers and two sequences: every loop turns at least twice.
const shape: Shape = { vocabulary: 16, context: 128, width: 16, heads: 2, layers: 2, hidden: 24 };
const batch = 2;

test("the gradient of every parameter is the slope that finite differences show", () => {
  const random = createSeededRandom(7);
  const arena = createArena(16);
  const parameters = createParameters(shape, arena, random);
  // Larger than fresh weights: attention is then sharp enough to be tested, and the norm of an
  // embedding so small would bend within one step of the finite differences.
  for (const { weight, name } of parameters.all) {
    const factor = name === "token_embd.weight" ? 10 : 2;
    weight.values.forEach((value, index) => (weight.values[index] = value * factor));
  }
  const model = createModel(shape, batch, parameters, arena);
  const length = batch * shape.context;
  const tokens = Int32Array.from({ length }, () => Math.floor(random.fraction() * 16));
  const targets = Int32Array.from(tokens, (token) => (token < 4 ? noTarget : (token * 5) % 16));

  model.learn({ tokens, targets });
  const gradients = parameters.all.map(({ gradient }) => gradient.values.slice());
  const step = 2 ** -12;
  parameters.all.forEach(({ name, weight }, which) => {
    const gradient = gradients[which]!;
    const largest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest, name).toBeGreaterThan(0);
    for (const index of [0, gradient.findIndex((value) => Math.abs(value) === largest)]) {
      const original = weight.values[index]!;
      const lossAt = (offset: number) => {
        weight.values[index] = original + offset;
        return model.learn({ tokens, targets });
      };
      const slope = (lossAt(step) - lossAt(-step)) / (2 * step);
      weight.values[index] = original;
      expect(Math.abs(slope - gradient[index]!), `${name}[${index}]`).toBeLessThan(
        0.01 * largest + 1e-3,
      );
    }
  });
});
