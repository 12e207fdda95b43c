import { expect, test } from "vitest";
import { createFrameCutter, headerBytes, writeHeader } from "./frames-cutter.ts";

const cutterFor = (mostBytes: number) => createFrameCutter(() => mostBytes, "request_too_large");

/** A frame of so many bytes, each of which is 7. */
function frameOf(bytes: number): Buffer {
  const wire = Buffer.alloc(headerBytes + bytes, 7);
  writeHeader(wire, false);
  return wire;
}

test("pieces of one byte are put together without copying what came before", () => {
  // Where each byte copied those before it, 4 MiB would take minutes.
  const wire = frameOf(4 * 1_024 * 1_024);
  const cutter = cutterFor(wire.length);
  let whole: Uint8Array[] = [];
  for (let at = 0; at < wire.length; at += 1) whole = cutter.push(wire.subarray(at, at + 1));
  expect(whole.map(({ length }) => length)).toEqual([wire.length]);
  expect(wire.equals(whole[0]!)).toBe(true);
});

test("a frame that one piece holds whole is not copied", () => {
  const wire = frameOf(512);
  const [whole] = cutterFor(512).push(wire);
  expect(whole!.buffer).toBe(wire.buffer);
});

test("a frame that claims more than the bound is refused before it is stored", () => {
  expect(() => cutterFor(512).push(frameOf(513).subarray(0, headerBytes))).toThrow(
    expect.objectContaining({ code: "request_too_large" }),
  );
});

test("it is known whether a part of a frame waits for its rest", () => {
  const cutter = cutterFor(512);
  const wire = frameOf(512);
  const states = [wire.subarray(0, 3), wire.subarray(3, 100), wire.subarray(100)].map((piece) => {
    cutter.push(piece);
    return cutter.isAtBoundary();
  });
  expect(states).toEqual([false, false, true]);
});
