/** Bytes come from a pool, and nobody can tell. */
import { expect, test } from "vitest";
import { systemRandom } from "./random.ts";

test("bytes are as many as asked for, and none are given twice, however the pool is used up", () => {
  const lengths = [16, 32, 4_096, 4_097, 0, 4_090, 16];
  const given = lengths.concat(Array<number>(1_000).fill(32)).map((length) => {
    const bytes = systemRandom.bytes(length);
    expect(bytes).toHaveLength(length);
    return Buffer.from(bytes).toString("hex");
  });
  const drawn = given.filter((text) => text !== "");
  expect(new Set(drawn).size).toBe(drawn.length);
});

test("bytes belong to whoever asked: writing into them changes no other's, and shows none", () => {
  const mine = systemRandom.bytes(16);
  expect(mine.buffer.byteLength).toBe(16);
  const others = systemRandom.bytes(16);
  const before = Buffer.from(others).toString("hex");
  mine.fill(0);
  expect(Buffer.from(others).toString("hex")).toBe(before);
});
