/** The chain in plain TypeScript: what every other prover is compared with, and what runs where nothing else does. */
import { fillRow } from "../../protocol/hardware-proof/chain.ts";
import {
  type ChainProverParts,
  createChainProver,
  type Multiplier,
  rowsPerStep,
} from "./chain-prover.ts";
import type { ChainProver } from "./prover.ts";

export const createReferenceProver = (parts: ChainProverParts): ChainProver =>
  createChainProver("reference", createReferenceMultiplier, parts);

export function createReferenceMultiplier(n: number, rightKey: number): Multiplier {
  const rowsOf = (entries: Int8Array) => (row: number) => entries.subarray(row * n, (row + 1) * n);
  const left = rowsOf(new Int8Array(n * n));
  const right = rowsOf(new Int8Array(n * n));
  const products = new Int32Array(n * n);
  const product = (row: number) => products.subarray(row * n, (row + 1) * n);
  for (let row = 0; row < n; row += 1) fillRow(rightKey, row, right(row));
  return {
    setLeft: (row, entries) => left(row).set(entries),
    multiply(first) {
      for (let row = first; row < first + rowsPerStep; row += 1) {
        const sums = product(row).fill(0);
        const factors = left(row);
        for (let depth = 0; depth < n; depth += 1) addScaled(sums, factors[depth]!, right(depth));
      }
    },
    product,
  };
}

function addScaled(sums: Int32Array, factor: number, entries: Int8Array): void {
  for (let column = 0; column < sums.length; column += 1)
    sums[column] = sums[column]! + Math.imul(factor, entries[column]!);
}
