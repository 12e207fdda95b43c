/** AdamW (Loshchilov and Hutter, 2019) with gradients clipped by their common length. */
import type { Parameter } from "./parameters.ts";

export interface Optimizer {
  /** Moves the weights by their gradients at the learning rate `rate`, then clears the gradients. */
  step(rate: number): void;
}

const momentumDecay = 0.9;
const spreadDecay = 0.98;
const longestGradient = 1;
const weightDecay = 0.02;
const tiny = 1e-8;

export function createOptimizer(parameters: readonly Parameter[]): Optimizer {
  const states = parameters.map(({ weight, gradient }) => ({
    weights: weight.values,
    gradients: gradient.values,
    momentum: new Float32Array(weight.values.length),
    spread: new Float32Array(weight.values.length),
    // A norm's gains belong near one, not near zero.
    decay: weight.rows > 1 ? weightDecay : 0,
  }));
  // Both averages begin at zero; these undo the bias. Products, because powers may round freely.
  let momentumLeft = 1;
  let spreadLeft = 1;

  function clippingFactor(): number {
    let sum = 0;
    for (const { gradients } of states)
      for (let index = 0; index < gradients.length; index += 1)
        sum += gradients[index]! * gradients[index]!;
    return Math.min(1, longestGradient / (Math.sqrt(sum) + tiny));
  }

  return {
    step(rate) {
      const factor = clippingFactor();
      momentumLeft *= momentumDecay;
      spreadLeft *= spreadDecay;
      const momentumScale = 1 / (1 - momentumLeft);
      const spreadScale = 1 / (1 - spreadLeft);
      for (const { weights, gradients, momentum, spread, decay } of states) {
        for (let index = 0; index < weights.length; index += 1) {
          const gradient = gradients[index]! * factor;
          const mean = momentumDecay * momentum[index]! + (1 - momentumDecay) * gradient;
          const square = spreadDecay * spread[index]! + (1 - spreadDecay) * gradient * gradient;
          momentum[index] = mean;
          spread[index] = square;
          const direction = (mean * momentumScale) / (Math.sqrt(square * spreadScale) + tiny);
          weights[index] = weights[index]! - rate * (direction + decay * weights[index]!);
        }
        gradients.fill(0);
      }
    },
  };
}
