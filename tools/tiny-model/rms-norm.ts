/** Root-mean-square normalisation with a gain for each column (Zhang and Sennrich, 2019). */
import type { Matrix } from "./matrix.ts";
import type { Parameter } from "./parameters.ts";
import { normEpsilon } from "./shape.ts";

function inverseMagnitude(values: Float32Array, from: number, length: number): number {
  let sum = 0;
  for (let index = from; index < from + length; index += 1) sum += values[index]! * values[index]!;
  return 1 / Math.sqrt(sum / length + normEpsilon);
}

export function rmsNormForward(input: Matrix, gains: Parameter, output: Matrix) {
  const { columns } = input;
  const gain = gains.weight.values;
  for (let from = 0; from < input.values.length; from += columns) {
    const scale = inverseMagnitude(input.values, from, columns);
    for (let column = 0; column < columns; column += 1)
      output.values[from + column] = input.values[from + column]! * scale * gain[column]!;
  }
}

/** Adds to the gains' gradient and to the input's: the residual stream passes by the norm. */
export function rmsNormBackward(
  input: Matrix,
  gains: Parameter,
  outputGradient: Matrix,
  inputGradient: Matrix,
) {
  const { columns } = input;
  const gain = gains.weight.values;
  const gainGradient = gains.gradient.values;
  for (let from = 0; from < input.values.length; from += columns) {
    const scale = inverseMagnitude(input.values, from, columns);
    let projected = 0;
    for (let column = 0; column < columns; column += 1) {
      const normal = input.values[from + column]! * scale;
      const given = outputGradient.values[from + column]!;
      gainGradient[column] = gainGradient[column]! + given * normal;
      projected += given * gain[column]! * normal;
    }
    projected /= columns;
    for (let column = 0; column < columns; column += 1) {
      const at = from + column;
      const normal = input.values[at]! * scale;
      const change = scale * (outputGradient.values[at]! * gain[column]! - normal * projected);
      inputGradient.values[at] = inputGradient.values[at]! + change;
    }
  }
}
