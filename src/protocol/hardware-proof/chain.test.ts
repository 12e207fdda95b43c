import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sha256 } from "../bytes.ts";
import {
  chainKeys,
  chainLayers,
  chainSizes,
  fillRow,
  isChainTask,
  mixRow,
  partnerOf,
} from "./chain.ts";

const seed = sha256("a seed");
const keys = chainKeys({ seed, layers: 4 });

describe("the matrices of a seed", () => {
  test("have every entry from -32 to 31, about as often as any other", () => {
    const counts = new Map<number, number>();
    const row = new Int8Array(256);
    for (let index = 0; index < 256; index += 1) {
      fillRow(keys.right, index, row);
      for (const entry of row) counts.set(entry, (counts.get(entry) ?? 0) + 1);
    }
    expect([...counts.keys()].toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 64 }, (_, index) => index - 32),
    );
    // 1024 of each; six standard deviations are 190.
    for (const count of counts.values()) expect(Math.abs(count - 1_024)).toBeLessThan(190);
  });

  test("differ by seed, by side, by row and by layer", () => {
    const others = chainKeys({ seed: sha256("another seed"), layers: 4 });
    const words = [keys, others].flatMap(({ left, right, layers }) => [
      ...[left, right],
      ...layers.map(({ mix }) => mix),
    ]);
    expect(new Set(words).size).toBe(12);
    const [first, second] = [new Int8Array(256), new Int8Array(256)];
    fillRow(keys.left, 0, first);
    fillRow(keys.left, 1, second);
    expect(first).not.toEqual(second);
  });

  test("of a longer chain begin as those of a shorter one", () => {
    const longer = chainKeys({ seed, layers: 9 });
    expect(longer.layers.slice(0, 4)).toEqual(keys.layers);
  });
});

test.each(chainSizes)("the partners of %i rows are one cycle through all of them", (n) => {
  for (const layer of keys.layers) {
    const seen = new Set<number>();
    for (let row = 0; !seen.has(row); row = partnerOf(layer, n, row)) seen.add(row);
    expect(seen.size).toBe(n);
  }
});

test("what is mixed depends on either row, on the place and on the layer, and stays in range", () => {
  const entry = fc.integer({ min: -992 * 256, max: 1_024 * 256 });
  const rows = fc
    .array(entry, { minLength: 256, maxLength: 256 })
    .map((row) => Int32Array.of(...row));
  fc.assert(
    fc.property(rows, rows, fc.nat(255), (own, partner, row) => {
      const mixed = (...[a, b, place, layer]: [Int32Array, Int32Array, number, number]) => {
        const entries = new Int8Array(256);
        mixRow(keys.layers[layer]!, place, a, b, entries);
        return entries;
      };
      const usual = mixed(own, partner, row, 0);
      for (const value of usual) expect(value >= -32 && value <= 31).toBe(true);
      const more = (values: Int32Array) => values.map((value) => value + 1);
      expect(mixed(own, partner, row, 0)).toEqual(usual);
      expect(mixed(more(own), partner, row, 0)).not.toEqual(usual);
      expect(mixed(own, more(partner), row, 0)).not.toEqual(usual);
      expect(mixed(own, partner, row ^ 1, 0)).not.toEqual(usual);
      expect(mixed(own, partner, row, 1)).not.toEqual(usual);
    }),
    { numRuns: 20 },
  );
});

test.each([
  ["a size between", { n: 1_000 }],
  ["too small a size", { n: 128 }],
  ["too large a size", { n: 16_384 }],
  ["too few layers", { layers: chainLayers.least - 1 }],
  ["too many layers", { layers: chainLayers.most + 1 }],
  ["half a layer", { layers: 4.5 }],
  ["a short seed", { seed: seed.subarray(1) }],
])("%s is no task", (_case, change) => {
  expect(isChainTask({ seed, n: 256, layers: 4 })).toBe(true);
  expect(isChainTask({ seed, n: 256, layers: 4, ...change })).toBe(false);
});
