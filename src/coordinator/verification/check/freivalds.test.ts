import { describe, expect, test } from "vitest";
import { systemRandom } from "../../../base/random.ts";
import { chainKeys, fillRow } from "../../../protocol/hardware-proof/chain.ts";
import { createRowCheck, randomVector } from "./freivalds.ts";

const keys = chainKeys({ seed: new Uint8Array(32).fill(3), layers: 4 });

function productOf(n: number, x: Int8Array): Int32Array {
  const y = new Int32Array(n);
  const entries = new Int8Array(n);
  for (let depth = 0; depth < n; depth += 1) {
    fillRow(keys.right, depth, entries);
    for (let column = 0; column < n; column += 1) y[column]! += x[depth]! * entries[column]!;
  }
  return y;
}

describe.each([256, 1_024])("of a %i × %i matrix", (n) => {
  const x = new Int8Array(n);
  fillRow(keys.left, 5, x);
  const y = productOf(n, x);
  const check = createRowCheck(keys, randomVector(systemRandom.bytes(4 * n)));

  test("a true row passes", () => {
    expect(check(x, y)).toBe(true);
  });

  test.each([
    ["an entry that is one too large", [0, 1]],
    ["an entry that is one too small", [n - 1, -1]],
    ["an entry that is 65,536 off", [17, 65_536]],
  ] as const)("a row with %s does not", (_case, [column, by]) => {
    expect(check(x, y.with(column, y[column]! + by))).toBe(false);
  });

  test("another row does not, nor two entries that changed places, nor their sum kept", () => {
    const other = new Int8Array(n);
    fillRow(keys.left, 6, other);
    expect(check(other, y)).toBe(false);
    expect(check(x, y.with(0, y[1]!).with(1, y[0]!))).toBe(false);
    expect(check(x, y.with(0, y[0]! + 5).with(1, y[1]! - 5))).toBe(false);
    expect(check(x, new Int32Array(n))).toBe(false);
  });
});

test("sums stay exact at the largest size and the largest entries", () => {
  const n = 8_192;
  const largest = new Uint8Array(4 * n);
  // 2^31 − 2 is the largest entry a vector can have.
  for (let index = 0; index < n; index += 1)
    new DataView(largest.buffer).setUint32(4 * index, 2 ** 31 - 2);
  const vector = randomVector(largest);
  expect(vector.every((value) => value === 2 ** 31 - 2)).toBe(true);
  const check = createRowCheck(keys, vector);
  const x = new Int8Array(n).fill(-32);
  const sums = new BigInt64Array(n);
  const entries = new Int8Array(n);
  for (let depth = 0; depth < n; depth += 1) {
    fillRow(keys.right, depth, entries);
    sums[0]! += BigInt(entries.reduce((sum, entry) => sum + entry, 0)) * -32n;
  }
  // All entries of the vector are equal, so that any row with the same sum is as good as the true one.
  const prime = 2n ** 31n - 1n;
  const total = ((sums[0]! % prime) + prime) % prime;
  const y = new Int32Array(n).fill(2 ** 23);
  const short = Number((((total - BigInt(n) * 2n ** 23n) % prime) + prime) % prime);
  y[0] = 2 ** 23 + (short > 2 ** 30 ? short - Number(prime) : short);
  expect(check(x, y)).toBe(true);
  expect(check(x, y.with(9, 2 ** 23 - 1))).toBe(false);
});
