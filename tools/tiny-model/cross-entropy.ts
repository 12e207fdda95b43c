/** How surprised the model is by the right next token. */
import { exponential } from "./exact-math.ts";
import type { Matrix } from "./matrix.ts";

/** A position whose next token is not to be learnt. */
export const noTarget = -1;

/**
 * Turns logits into the gradient of the mean loss over the positions that have a target, in place.
 * Returns that mean, in nats; it is for the eyes only, so the engine's own logarithm will do.
 */
export function crossEntropy(logits: Matrix, targets: Int32Array): number {
  const { rows, columns, values } = logits;
  const counted = targets.reduce((count, target) => count + (target === noTarget ? 0 : 1), 0);
  let loss = 0;
  for (let row = 0; row < rows; row += 1) {
    const [from, to, target] = [row * columns, (row + 1) * columns, targets[row]!];
    if (target === noTarget) {
      values.fill(0, from, to);
      continue;
    }
    let largest = -Infinity;
    for (let at = from; at < to; at += 1) largest = Math.max(largest, values[at]!);
    const targetLogit = values[from + target]!;
    let sum = 0;
    for (let at = from; at < to; at += 1) {
      const power = exponential(values[at]! - largest);
      values[at] = power;
      sum += power;
    }
    loss += Math.log(sum) + largest - targetLogit;
    const share = 1 / (sum * counted);
    for (let at = from; at < to; at += 1) values[at] = values[at]! * share;
    values[from + target] = values[from + target]! - 1 / counted;
  }
  return loss / Math.max(counted, 1);
}
