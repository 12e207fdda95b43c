import fc from "fast-check";
import { expect, test } from "vitest";
import {
  createSealedReader,
  type Frame,
  packFrame,
  sealedBytesFor,
  unpackFrame,
  wrapSealed,
} from "./frames.ts";
import { openFrame, sealFrame } from "./sealed-stream.ts";

const frameOf = fc.record<Frame>({
  type: fc.constantFrom("head", "body", "line"),
  bytes: fc.uint8Array({ maxLength: 2_000 }),
});

test("frames survive the wire however it cuts them", () => {
  fc.assert(
    fc.property(
      fc.array(frameOf, { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 700 })),
      (frames, cuts) => {
        const wire = Buffer.concat(frames.map(sealFrame));
        const reader = createSealedReader(sealedBytesFor(2_000), "invalid_value");
        const opened: Frame[] = [];
        for (let offset = 0, turn = 0; offset < wire.length; turn += 1) {
          const size = cuts[turn % Math.max(1, cuts.length)] ?? 100;
          for (const sealed of reader.push(wire.subarray(offset, offset + size))) {
            opened.push(openFrame(sealed, "invalid_value"));
          }
          offset += size;
        }
        expect(reader.isAtBoundary()).toBe(true);
        expect(opened.map(({ type, bytes }) => ({ type, bytes: [...bytes] }))).toEqual(
          frames.map(({ type, bytes }) => ({ type, bytes: [...bytes] })),
        );
      },
    ),
  );
});

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

test("pieces of one byte are put together without copying what came before", () => {
  // Where each byte copied those before it, 4 MiB would take minutes.
  const wire = wrapSealed(new Uint8Array(4 * 1_024 * 1_024).fill(7));
  const reader = createSealedReader(wire.length, "invalid_value");
  let whole: Uint8Array[] = [];
  for (let at = 0; at < wire.length; at += 1) whole = reader.push(wire.subarray(at, at + 1));
  expect(whole.map(({ length }) => length)).toEqual([wire.length - 4]);
  expect(whole[0]!.every((byte) => byte === 7)).toBe(true);
});

test("a frame that one piece holds whole is not copied", () => {
  const wire = wrapSealed(new Uint8Array(512));
  const [whole] = createSealedReader(512, "invalid_value").push(wire);
  expect(whole!.buffer).toBe(wire.buffer);
});

test("a frame marked as the last is refused where nothing is sealed", () => {
  const wire = Buffer.from(wrapSealed(new Uint8Array(512)));
  wire[0]! |= 0x80;
  expect(() => createSealedReader(512, "invalid_value").push(wire)).toThrow(
    expect.objectContaining({ code: "invalid_value" }),
  );
});

test("a frame that claims more than the bound is refused before it is stored", () => {
  const reader = createSealedReader(512, "request_too_large");
  expect(() => reader.push(wrapSealed(new Uint8Array(513)).subarray(0, 4))).toThrow(
    expect.objectContaining({ code: "request_too_large" }),
  );
});
