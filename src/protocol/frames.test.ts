import { expect, test } from "vitest";
import { packFrame, unpackFrame } from "./frames.ts";

test("a frame's size is one of a few, and the same for all short texts", () => {
  const sizeOf = (length: number) =>
    packFrame({ type: "body", bytes: Buffer.alloc(length) }).length;
  const used = [0, 507, 508, 1_019, 1_020, 2_043, 2_044, 4_091, 4_092, 8_187, 8_188, 65_536];
  expect(used.map(sizeOf)).toEqual([
    512, 512, 1_024, 1_024, 2_048, 2_048, 4_096, 4_096, 8_192, 8_192, 12_288, 69_632,
  ]);
});

test.each([
  ["an unknown type", (packed: Uint8Array) => ((packed[0] = 9), packed)],
  ["a length beyond its end", (packed: Uint8Array) => ((packed[3] = 9), packed)],
  [
    "padding that ends in a byte that is not zero",
    (packed: Uint8Array) => ((packed[511] = 1), packed),
  ],
  ["padding that begins with one", (packed: Uint8Array) => ((packed[10] = 1), packed)],
  ["padding that is all ones", (packed: Uint8Array) => packed.fill(1, 10)],
  ["no bytes at all", (packed: Uint8Array) => packed.subarray(0, 0)],
  ["too little padding", (packed: Uint8Array) => packed.subarray(0, 256)],
  ["a size between two", (packed: Uint8Array) => Buffer.concat([packed, new Uint8Array(256)])],
])("a frame with %s is refused", (_case, spoil) => {
  const packed = spoil(packFrame({ type: "body", bytes: Buffer.from("hello") }));
  expect(() => unpackFrame(packed, "invalid_value")).toThrow(
    expect.objectContaining({ code: "invalid_value" }),
  );
});

test("more padding than needed is the writer's choice", () => {
  const packed = packFrame({ type: "body", bytes: Buffer.from("hello") });
  const larger = Buffer.concat([packed, new Uint8Array(packed.length)]);
  expect(Buffer.from(unpackFrame(larger, "invalid_value").bytes).toString()).toBe("hello");
});
