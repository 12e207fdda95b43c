import { expect, test } from "vitest";
import type { GgufFile } from "./gguf.ts";
import { decodeGguf } from "./gguf-read.ts";
import { encodeGguf } from "./gguf-write.ts";
import { fromHalfBits, toHalfBits } from "./half-float.ts";

test.each([
  [0, 0x0000],
  [-0, 0x8000],
  [1, 0x3c00],
  [-2, 0xc000],
  [1 / 3, 0x3555],
  [65_504, 0x7bff],
  [65_519, 0x7bff],
  [65_520, 0x7c00],
  [1e9, 0x7c00],
  [-Infinity, 0xfc00],
  [NaN, 0x7e00],
  [2 ** -14, 0x0400],
  [2 ** -24, 0x0001],
  [2 ** -25, 0x0000],
  [2 ** -25 * 1.5, 0x0001],
  [1 + 2 ** -11, 0x3c00],
  [1 + 3 * 2 ** -11, 0x3c02],
  [1 - 2 ** -13, 0x3c00],
])("%d is %i as half-precision bits", (value, bits) => {
  expect(toHalfBits(value)).toBe(bits);
});

test("every half-precision number survives the way out and back", () => {
  for (let bits = 0; bits < 0x10000; bits += 1) {
    const value = fromHalfBits(bits);
    if (!Number.isNaN(value)) expect(toHalfBits(value)).toBe(bits);
  }
});

const file: GgufFile = {
  metadata: new Map([
    ["general.name", { type: "string", value: "tiny 🐒" }],
    ["a.count", { type: "uint32", value: 4_000_000_000 }],
    ["a.share", { type: "float32", value: 0.5 }],
    ["a.flag", { type: "boolean", value: true }],
    ["a.words", { type: "strings", value: ["one", "", "Ġthree"] }],
    ["a.numbers", { type: "int32s", value: [1, -2, 3] }],
  ]),
  tensors: [
    { name: "odd", dimensions: [3], format: "f32", values: Float32Array.of(1, -2.5, 1e-20) },
    { name: "half", dimensions: [2, 2], format: "f16", values: Float32Array.of(1, 0.5, -4, 0) },
  ],
};

test("what was written is read back", () => {
  expect(decodeGguf(encodeGguf(file))).toEqual(file);
});

test("tensor data begins on the alignment, and so does every tensor", () => {
  expect(encodeGguf(file).length % 32).toBe(0);
});

test("a file that is not GGUF is refused", () => {
  expect(() => decodeGguf(new Uint8Array(64))).toThrow("not a GGUF file");
});
