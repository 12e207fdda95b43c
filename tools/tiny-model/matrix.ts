/** Matrices of 32-bit floats inside one WebAssembly memory, where the kernel can reach them. */
import { type WasmMemory, webAssembly } from "../../src/base/web-assembly.ts";

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** Byte address of the first value. */
  readonly address: number;
  /** The same values, row after row. */
  readonly values: Float32Array;
}

/** A rectangle to multiply with; strides in bytes, so a transpose costs nothing. */
export interface View {
  readonly address: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

export interface Arena {
  readonly memory: WasmMemory;
  /** A matrix of zeros that lives as long as the arena. */
  matrix(rows: number, columns: number): Matrix;
}

const pageBytes = 65_536;
const alignment = 64;
const floatBytes = 4;

/** Nothing is freed: a training run allocates everything once, before its first step. */
export function createArena(megabytes: number): Arena {
  const memory = new webAssembly.Memory({ initial: (megabytes * 2 ** 20) / pageBytes });
  let next = alignment;
  return {
    memory,
    matrix(rows, columns) {
      const address = next;
      next += Math.ceil((rows * columns * floatBytes) / alignment) * alignment;
      if (next > memory.buffer.byteLength) throw new Error(`the arena's ${megabytes} MiB are full`);
      const values = new Float32Array(memory.buffer, address, rows * columns);
      return { rows, columns, address, values };
    },
  };
}

/** The part of `matrix` that begins at `row` and `column`. */
export function view(matrix: Matrix, row = 0, column = 0): View {
  return {
    address: matrix.address + (row * matrix.columns + column) * floatBytes,
    rowStride: matrix.columns * floatBytes,
    columnStride: floatBytes,
  };
}

export function transposed(original: View): View {
  return {
    address: original.address,
    rowStride: original.columnStride,
    columnStride: original.rowStride,
  };
}
