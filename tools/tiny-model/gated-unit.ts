/** The gate of the feed-forward part, SwiGLU: up · gate · σ(gate) (Shazeer, 2020). */
import { sigmoid } from "./exact-math.ts";
import type { Matrix } from "./matrix.ts";

export function gatedUnitForward(gate: Matrix, up: Matrix, output: Matrix) {
  for (let index = 0; index < gate.values.length; index += 1) {
    const x = gate.values[index]!;
    output.values[index] = x * sigmoid(x) * up.values[index]!;
  }
}

export function gatedUnitBackward(
  gate: Matrix,
  up: Matrix,
  outputGradient: Matrix,
  gateGradient: Matrix,
  upGradient: Matrix,
) {
  for (let index = 0; index < gate.values.length; index += 1) {
    const x = gate.values[index]!;
    const openness = sigmoid(x);
    const given = outputGradient.values[index]!;
    upGradient.values[index] = given * x * openness;
    const slope = openness * (1 + x * (1 - openness));
    gateGradient.values[index] = given * up.values[index]! * slope;
  }
}
