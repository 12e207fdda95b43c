/** A linear layer without bias: each row of the input times the transposed weights. */
import type { Multiply } from "./gemm.ts";
import { type Matrix, transposed, view } from "./matrix.ts";
import type { Parameter } from "./parameters.ts";

/** `output = input · weightᵀ`, or `output += …`. */
export function linearForward(
  multiply: Multiply,
  input: Matrix,
  { weight }: Parameter,
  output: Matrix,
  mode: "replace" | "add" = "replace",
) {
  const size = { rows: input.rows, columns: weight.rows, depth: weight.columns };
  multiply(size, view(input), transposed(view(weight)), view(output), mode);
}

/** Adds to the weights' gradient; the input's gradient is replaced or added to. */
export function linearBackward(
  multiply: Multiply,
  input: Matrix,
  { weight, gradient }: Parameter,
  outputGradient: Matrix,
  inputGradient: Matrix,
  mode: "replace" | "add" = "replace",
) {
  multiply(
    { rows: weight.rows, columns: weight.columns, depth: input.rows },
    transposed(view(outputGradient)),
    view(input),
    view(gradient),
    "add",
  );
  multiply(
    { rows: input.rows, columns: weight.columns, depth: weight.rows },
    view(outputGradient),
    view(weight),
    view(inputGradient),
    mode,
  );
}
