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

test("a frame's size is a multiple of 256 and tells nothing of short texts", () => {
  const sizes = ["a", "another", "x".repeat(250)].map((text) =>
    packFrame({ type: "body", bytes: Buffer.from(text) }),
  );
  expect(new Set(sizes.map(({ length }) => length))).toEqual(new Set([256]));
});

test.each([
  ["an unknown type", (packed: Uint8Array) => ((packed[0] = 9), packed)],
  ["a length beyond its end", (packed: Uint8Array) => ((packed[3] = 9), packed)],
  ["padding that is not zero", (packed: Uint8Array) => ((packed[255] = 1), packed)],
  ["a size that is no multiple of 256", (packed: Uint8Array) => packed.subarray(0, 200)],
  [
    "more padding than needed",
    (packed: Uint8Array) => Buffer.concat([packed, new Uint8Array(256)]),
  ],
])("a frame with %s is refused", (_case, spoil) => {
  const packed = spoil(packFrame({ type: "body", bytes: Buffer.from("hello") }));
  expect(() => unpackFrame(packed, "invalid_value")).toThrow(
    expect.objectContaining({ code: "invalid_value" }),
  );
});

test("a frame that claims more than the bound is refused before it is stored", () => {
  const reader = createSealedReader(512, "request_too_large");
  expect(() => reader.push(wrapSealed(new Uint8Array(513)).subarray(0, 4))).toThrow(
    expect.objectContaining({ code: "request_too_large" }),
  );
});
