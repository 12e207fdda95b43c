import { expect, test } from "vitest";
import { sha256 } from "./bytes.ts";
import { hashBytes, merkleLevels, merklePath, merkleRoot } from "./merkle.ts";

const leafAt = (index: number) => sha256(`leaf ${index}`);
const leavesOf = (count: number) =>
  Buffer.concat(Array.from({ length: count }, (_, index) => leafAt(index)));

test.each([2, 4, 256])("each of %i leaves leads to the root, from its own place only", (count) => {
  const levels = merkleLevels(leavesOf(count));
  const root = levels.at(-1)!;
  expect(root).toHaveLength(hashBytes);
  for (let index = 0; index < count; index += 1) {
    const path = merklePath(levels, index);
    expect(merkleRoot(leafAt(index), index, path)).toEqual(Buffer.from(root));
    expect(merkleRoot(leafAt(index), index ^ 1, path)).not.toEqual(Buffer.from(root));
    expect(merkleRoot(leafAt(index + 1), index, path)).not.toEqual(Buffer.from(root));
  }
});

test("no leaf can be changed without changing the root", () => {
  const root = merkleLevels(leavesOf(8)).at(-1);
  for (let bit = 0; bit < 8 * 8 * hashBytes; bit += 97) {
    const leaves = leavesOf(8);
    leaves[bit >> 3]! ^= 1 << (bit & 7);
    expect(merkleLevels(leaves).at(-1)).not.toEqual(root);
  }
});
