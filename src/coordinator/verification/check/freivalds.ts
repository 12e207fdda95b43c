/**
 * Freivalds' check that y = x · B, without computing the product: with a secret random r, x · (B · r) must equal y · r.
 * Modulo the prime 2^31 − 1, and every sum below 2^53, so that doubles are exact. A wrong row passes with one chance
 * in 2^31, whatever is wrong with it. R. Freivalds, "Probabilistic machines can use less running time", 1977.
 */
import { type ChainKeys, fillRow } from "../../../protocol/hardware-proof/chain.ts";

const prime = 2 ** 31 - 1;
const modulo = (value: number): number => ((value % prime) + prime) % prime;

/** @param bytes random ones that the prover does not know, four an entry */
export function randomVector(bytes: Uint8Array): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Float64Array.from(
    { length: bytes.length / 4 },
    (_, index) => view.getUint32(4 * index) % prime,
  );
}

/** Whether row `y` of the product belongs to the left side's row `x`. */
export type RowCheck = (x: Int8Array, y: Int32Array) => boolean;

/** Costs n² products once, and 3·n for each row. @param vector n entries below 2^31 − 1 */
export function createRowCheck(keys: ChainKeys, vector: Float64Array): RowCheck {
  const n = vector.length;
  const projected = new Float64Array(n);
  const entries = new Int8Array(n);
  for (let row = 0; row < n; row += 1) {
    fillRow(keys.right, row, entries);
    projected[row] = modulo(innerProduct(entries, vector));
  }
  return (x, y) => modulo(innerProduct(x, projected)) === wideInnerProduct(y, vector);
}

/** Entries below 2^6 times 2^31, 2^13 of them. */
function innerProduct(entries: Int8Array, vector: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < entries.length; index += 1) sum += entries[index]! * vector[index]!;
  return sum;
}

/** Entries up to 2^23 times 2^31 would be too much: the vector's upper and lower half are summed apart. */
function wideInnerProduct(entries: Int32Array, vector: Float64Array): number {
  let [low, high] = [0, 0];
  for (let index = 0; index < entries.length; index += 1) {
    const value = vector[index]!;
    low += entries[index]! * (value & 0xffff);
    high += entries[index]! * (value >>> 16);
  }
  return modulo(modulo(high) * 0x10000 + modulo(low));
}
