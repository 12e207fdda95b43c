import { expect, test } from "vitest";
import { createMultiply, type ProductSize } from "./gemm.ts";
import { createArena, type Matrix, transposed, view } from "./matrix.ts";
import { createSeededRandom } from "./seeded-random.ts";

const random = createSeededRandom(1);
const arena = createArena(4);
const multiply = createMultiply(arena);

function filled(rows: number, columns: number): Matrix {
  const matrix = arena.matrix(rows, columns);
  matrix.values.forEach((_, index) => (matrix.values[index] = random.normal()));
  return matrix;
}

const at = (matrix: Matrix, row: number, column: number) =>
  matrix.values[row * matrix.columns + column]!;

const sizes: ProductSize[] = [
  { rows: 4, columns: 8, depth: 1 },
  { rows: 12, columns: 24, depth: 7 },
  { rows: 64, columns: 40, depth: 130 },
];

test.each(sizes)("$rows × $depth × $columns equals three nested loops", (size) => {
  const left = filled(size.rows, size.depth);
  const right = filled(size.depth, size.columns);
  const result = filled(size.rows, size.columns);
  multiply(size, view(left), view(right), view(result));
  for (let row = 0; row < size.rows; row += 1)
    for (let column = 0; column < size.columns; column += 1) {
      let sum = 0;
      for (let step = 0; step < size.depth; step += 1)
        // The order and the rounding are the kernel's, so that equality is exact.
        sum = Math.fround(sum + Math.fround(at(left, row, step) * at(right, step, column)));
      expect(at(result, row, column)).toBe(sum);
    }
});

test("transposed operands, inner rectangles and accumulation are honoured", () => {
  const left = filled(16, 20);
  const right = filled(24, 16);
  const result = filled(12, 32);
  const before = result.values.slice();
  const size = { rows: 8, columns: 16, depth: 9 };
  multiply(
    size,
    transposed(view(left, 2, 3)),
    transposed(view(right, 1, 4)),
    view(result, 4, 8),
    "add",
  );
  for (let row = 0; row < result.rows; row += 1)
    for (let column = 0; column < result.columns; column += 1) {
      let expected = before[row * result.columns + column]!;
      if (row >= 4 && column >= 8 && column < 24)
        for (let step = 0; step < size.depth; step += 1)
          expected += at(left, 2 + step, 3 + row - 4) * at(right, 1 + column - 8, 4 + step);
      expect(at(result, row, column)).toBeCloseTo(expected, 4);
    }
});

test("a size that would leave a ragged edge is refused", () => {
  const matrix = filled(8, 8);
  const refused = () =>
    multiply({ rows: 6, columns: 8, depth: 8 }, view(matrix), view(matrix), view(matrix));
  expect(refused).toThrow("6 × 8 × 8");
});
