/** The chain on the CPU, in WebAssembly SIMD: the fallback where no GPU can be used. One core's work. */
import { webAssembly } from "../../base/web-assembly.ts";
import { fillRow } from "../../protocol/hardware-proof/chain.ts";
import {
  type ChainProverParts,
  createChainProver,
  type Multiplier,
  rowsPerStep,
} from "./chain-prover.ts";
import type { ChainProver } from "./prover.ts";
import { createKernel, panelColumns, stripRows } from "./wasm-kernel.ts";

/** Pairs of depths taken in one go: a panel of them (8 KiB) stays in the first cache, the strips (64 KiB) in the second. */
const pairsPerSlab = 256;
const pageBytes = 65_536;

export const createWasmProver = (parts: ChainProverParts): ChainProver =>
  createChainProver("wasm", createWasmMultiplier, parts);

/**
 * Both operands are packed slab by slab: all strips, or panels, of the first depths, then of the next. 8·n² bytes in
 * all, half of them the result.
 */
export function createWasmMultiplier(n: number, rightKey: number): Multiplier {
  const pairs = Math.min(pairsPerSlab, n / 2);
  const operandBytes = 2 * n * n;
  const memory = new webAssembly.Memory({ initial: Math.ceil((4 * operandBytes) / pageBytes) });
  const [left, right, result] = [0, operandBytes, 2 * operandBytes];
  const words = new Int32Array(memory.buffer);
  const run = createKernel(memory);
  const slabWords = n * pairs;

  /** @param index of the pair among all of the depth. @param line a row of the left operand, a column of the right */
  const wordOf = (index: number, line: number, lines: number) =>
    Math.floor(index / pairs) * slabWords +
    (Math.floor(line / lines) * pairs + (index % pairs)) * lines +
    (line % lines);
  const pairOf = (first: number, second: number) => (first & 0xffff) | (second << 16);

  const [even, odd] = [new Int8Array(n), new Int8Array(n)];
  for (let index = 0; index < n / 2; index += 1) {
    fillRow(rightKey, 2 * index, even);
    fillRow(rightKey, 2 * index + 1, odd);
    for (let column = 0; column < n; column += 1)
      words[right / 4 + wordOf(index, column, panelColumns)] = pairOf(even[column]!, odd[column]!);
  }
  return {
    setLeft(row, entries) {
      for (let index = 0; index < n / 2; index += 1)
        words[left / 4 + wordOf(index, row, stripRows)] = pairOf(
          entries[2 * index]!,
          entries[2 * index + 1]!,
        );
    },
    multiply(first) {
      for (let slab = 0; slab < n / 2 / pairs; slab += 1)
        run({
          left: left + 4 * (slab * slabWords + first * pairs),
          right: right + 4 * slab * slabWords,
          result: result + 4 * first * n,
          ...{ resultRowBytes: 4 * n, pairs, strips: rowsPerStep / stripRows },
          ...{ panels: n / panelColumns, isMore: slab > 0 },
        });
    },
    product: (row) => new Int32Array(memory.buffer, result + 4 * row * n, n),
  };
}
