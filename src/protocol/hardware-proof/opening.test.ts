import fc from "fast-check";
import { expect, test } from "vitest";
import { fromBase64url, sha256, toBase64url } from "../bytes.ts";
import { chainKeys, chainSizes, partnerOf } from "./chain.ts";
import {
  askedRows,
  opening,
  openedRowsMost,
  packHashes,
  packRow,
  placesToOpen,
  unpackHashes,
  unpackRow,
} from "./opening.ts";

const rowOf = (n: number) => {
  const entry = fc.integer({ min: -992 * n, max: 1_024 * n });
  return fc
    .array(entry, { minLength: n, maxLength: n, size: "max" })
    .map((entries) => Int32Array.of(...entries));
};

test("a row that is packed comes out again", () => {
  const rows = fc.constantFrom(256, 512).chain(rowOf);
  fc.assert(
    fc.property(rows, (row) => {
      expect(unpackRow(row.length, packRow(row))).toEqual(row);
    }),
    { numRuns: 30 },
  );
});

test.each(chainSizes)("the least and the largest sum of %i products fit", (n) => {
  for (const extreme of [-32 * 31 * n, -32 * -32 * n]) {
    const row = new Int32Array(n).fill(extreme);
    expect(unpackRow(n, packRow(row))).toEqual(row);
  }
});

const row = new Int32Array(256).map((_, column) => column * 31 - 4_000);
const bytes = () => fromBase64url(packRow(row))!;
test.each([
  ["nothing", ""],
  ["a row of another size", packRow(new Int32Array(512))],
  ["a byte too few", toBase64url(bytes().subarray(1))],
  ["a byte too many", toBase64url(Buffer.concat([bytes(), Uint8Array.of(0)]))],
  ["padding", `${packRow(row)}=`],
  ["a sum that no products have", toBase64url(bytes().fill(0xff, 30, 33))],
])("%s is no row", (_case, text) => {
  expect(unpackRow(256, text)).toBeUndefined();
});

test("texts that are taken for a row are those it is packed to", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 768, maxLength: 768, size: "max" }), (random) => {
      // Three bytes reach 16.8 million, and sums of 256 products half a million: most random bytes are refused.
      const text = toBase64url(random.map((byte, index) => (index % 3 === 2 ? byte % 8 : byte)));
      const read = unpackRow(256, text);
      if (read) expect(packRow(read)).toBe(text);
    }),
    { numRuns: 50 },
  );
});

test("hashes come out again, and only as many as are expected", () => {
  const hashes = ["a", "b", "c"].map((text) => sha256(text));
  const read = unpackHashes(3, packHashes(hashes))!;
  expect(read.map(toBase64url)).toEqual(hashes.map(toBase64url));
  for (const count of [0, 2, 4]) expect(unpackHashes(count, packHashes(hashes))).toBeUndefined();
  expect(unpackHashes(3, "*".repeat(128))).toBeUndefined();
});

test("an asked row brings along the two it was mixed from, and no row is shown twice", () => {
  const keys = chainKeys({ seed: sha256("a seed"), layers: 4 });
  const partner = partnerOf(keys.layers[1]!, 256, 7);
  const asked = [
    { layer: 2, row: 7 },
    { layer: 1, row: 7 },
    { layer: 0, row: 9 },
    { layer: 2, row: 7 },
  ];
  const before = partnerOf(keys.layers[0]!, 256, 7);
  expect(placesToOpen(keys, 256, asked)).toEqual([
    { layer: 2, row: 7 },
    { layer: 1, row: 7 },
    { layer: 1, row: partner },
    { layer: 0, row: 7 },
    { layer: 0, row: before },
    { layer: 0, row: 9 },
  ]);
});

test("the largest opening is taken, and no row more", () => {
  const n = Math.max(...chainSizes);
  const shown = {
    values: packRow(new Int32Array(n)),
    path: packHashes(Array.from({ length: Math.log2(n) }, () => sha256("a"))),
  };
  const answer = {
    layer_roots: packHashes(Array.from({ length: 256 }, () => sha256("b"))),
    rows: Array.from({ length: openedRowsMost }, () => shown),
  };
  expect(openedRowsMost).toBe(3 * askedRows);
  expect(opening.safeParse(answer).success).toBe(true);
  expect(opening.safeParse({ ...answer, rows: [...answer.rows, shown] }).success).toBe(false);
  const longer = { ...shown, values: `${shown.values}AAAA` };
  expect(opening.safeParse({ ...answer, rows: [longer] }).success).toBe(false);
});
