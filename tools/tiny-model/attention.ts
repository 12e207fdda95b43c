/** Causal self-attention with several heads, forward and backward. */
import { exponential } from "./exact-math.ts";
import type { Multiply } from "./gemm.ts";
import { type Arena, type Matrix, transposed, view, type View } from "./matrix.ts";
import { headWidth, type Shape } from "./shape.ts";

export interface AttentionInputs {
  readonly query: Matrix;
  readonly key: Matrix;
  readonly value: Matrix;
}

export interface Attention {
  /** Where a layer keeps how much each position heeds each earlier one. */
  createHeed(): Matrix;
  forward(inputs: AttentionInputs, heed: Matrix, mixed: Matrix): void;
  /** Replaces the three gradients. */
  backward(
    inputs: AttentionInputs,
    heed: Matrix,
    mixedGradient: Matrix,
    gradients: AttentionInputs,
  ): void;
}

/** Positions handled at once: none of them looks beyond the last, which saves 3/8 of the products. */
const mostPositionsAtOnce = 64;

export function createAttention(
  shape: Shape,
  batch: number,
  multiply: Multiply,
  arena: Arena,
): Attention {
  const { context, heads } = shape;
  const depth = headWidth(shape);
  const scale = 1 / Math.sqrt(depth);
  const span = Math.min(mostPositionsAtOnce, context);
  const heedGradient = arena.matrix(span, context);

  /** For every sequence, head and block of positions; `reach` positions can be seen from it. */
  function eachBlock(
    work: (block: {
      reach: number;
      heedRow: number;
      here: (matrix: Matrix) => View;
      seen: (matrix: Matrix) => View;
    }) => void,
  ) {
    for (let sequence = 0; sequence < batch; sequence += 1)
      for (let head = 0; head < heads; head += 1)
        for (let position = 0; position < context; position += span)
          work({
            reach: position + span,
            heedRow: (sequence * heads + head) * context + position,
            here: (matrix) => view(matrix, sequence * context + position, head * depth),
            seen: (matrix) => view(matrix, sequence * context, head * depth),
          });
  }

  /** Scores become shares of one; what lies in the future gets none. */
  function softmaxRow(scores: Float32Array, from: number, visible: number, reach: number) {
    let largest = -Infinity;
    for (let at = from; at < from + visible; at += 1) largest = Math.max(largest, scores[at]!);
    let sum = 0;
    for (let at = from; at < from + visible; at += 1) {
      const power = exponential((scores[at]! - largest) * scale);
      scores[at] = power;
      sum += power;
    }
    for (let at = from; at < from + visible; at += 1) scores[at] = scores[at]! / sum;
    scores.fill(0, from + visible, from + reach);
  }

  function softmaxRowBackward(
    shares: Float32Array,
    sharesFrom: number,
    gradient: Float32Array,
    from: number,
    visible: number,
    reach: number,
  ) {
    let sum = 0;
    for (let index = 0; index < visible; index += 1)
      sum += shares[sharesFrom + index]! * gradient[from + index]!;
    for (let index = 0; index < visible; index += 1) {
      const change = shares[sharesFrom + index]! * (gradient[from + index]! - sum) * scale;
      gradient[from + index] = change;
    }
    gradient.fill(0, from + visible, from + reach);
  }

  return {
    createHeed: () => arena.matrix(batch * heads * context, context),

    forward({ query, key, value }, heed, mixed) {
      eachBlock(({ reach, heedRow, here, seen }) => {
        const scores = view(heed, heedRow);
        const size = { rows: span, columns: reach, depth };
        multiply(size, here(query), transposed(seen(key)), scores);
        for (let row = 0; row < span; row += 1) {
          const visible = reach - span + row + 1;
          softmaxRow(heed.values, (heedRow + row) * context, visible, reach);
        }
        multiply({ rows: span, columns: depth, depth: reach }, scores, seen(value), here(mixed));
      });
    },

    backward({ query, key, value }, heed, mixedGradient, gradients) {
      gradients.key.values.fill(0);
      gradients.value.values.fill(0);
      const onScores = view(heedGradient);
      eachBlock(({ reach, heedRow, here, seen }) => {
        const shares = view(heed, heedRow);
        const onSeen = { rows: reach, columns: depth, depth: span };
        const given = here(mixedGradient);
        multiply(onSeen, transposed(shares), given, seen(gradients.value), "add");
        const size = { rows: span, columns: reach, depth };
        multiply(size, given, transposed(seen(value)), onScores);
        for (let row = 0; row < span; row += 1) {
          const visible = reach - span + row + 1;
          const sharesFrom = (heedRow + row) * context;
          const from = row * context;
          softmaxRowBackward(heed.values, sharesFrom, heedGradient.values, from, visible, reach);
        }
        const onHere = { rows: span, columns: depth, depth: reach };
        multiply(onHere, onScores, seen(key), here(gradients.query));
        multiply(onSeen, transposed(onScores), here(query), seen(gradients.key), "add");
      });
    },
  };
}
