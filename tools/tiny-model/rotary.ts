/**
 * Rotary position embedding: each pair of neighbouring numbers in a head is turned by an angle that
 * grows with the position (Su et al., 2021). Neighbours, not halves: llama.cpp's `llama` layout.
 */
import { exponential, smallRotation } from "./exact-math.ts";
import type { Matrix } from "./matrix.ts";
import { headWidth, rotaryBaseLogarithm, type Shape } from "./shape.ts";

export interface Rotary {
  /** Turns every row of `matrix` by its position, in place; `backward` turns it back. */
  turn(matrix: Matrix, direction: "forward" | "backward"): void;
}

export function createRotary(shape: Shape): Rotary {
  const { context, heads, width } = shape;
  const pairs = headWidth(shape) / 2;
  const cosines = new Float64Array(context * pairs);
  const sines = new Float64Array(context * pairs);
  for (let pair = 0; pair < pairs; pair += 1) {
    const step = smallRotation(exponential((-pair / pairs) * rotaryBaseLogarithm));
    let [cosine, sine] = [1, 0];
    for (let position = 0; position < context; position += 1) {
      cosines[position * pairs + pair] = cosine;
      sines[position * pairs + pair] = sine;
      [cosine, sine] = [
        cosine * step.cosine - sine * step.sine,
        sine * step.cosine + cosine * step.sine,
      ];
    }
  }
  return {
    turn({ rows, values }, direction) {
      const sign = direction === "forward" ? 1 : -1;
      for (let row = 0; row < rows; row += 1) {
        const angles = (row % context) * pairs;
        for (let pair = 0; pair < heads * pairs; pair += 1) {
          const at = row * width + 2 * pair;
          const cosine = cosines[angles + (pair % pairs)]!;
          const sine = sign * sines[angles + (pair % pairs)]!;
          const [first, second] = [values[at]!, values[at + 1]!];
          values[at] = first * cosine - second * sine;
          values[at + 1] = first * sine + second * cosine;
        }
      }
    },
  };
}
