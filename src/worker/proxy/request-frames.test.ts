/** A request's body as frames: what it may be cut into, and what it is charged against the worker's memory. */
import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { limits } from "../../protocol/limits.ts";
import { sealFrame } from "../../protocol/sealed-stream.ts";
import { createByteBudget, readRequestFrames } from "./request-frames.ts";

const sealed = (bytes: number) => sealFrame({ type: "body", bytes: Buffer.alloc(bytes, "x") });
const full = limits.frameBytes;

function bodyOf(sizes: readonly number[], inFlight = createByteBudget(1e9)) {
  const request = new PassThrough();
  request.end(Buffer.concat(sizes.map(sealed)));
  return readRequestFrames(
    request as unknown as IncomingMessage,
    createFakeClock(),
    inFlight,
  ).body();
}

test.each([[[1]], [[full]], [[full, 1]], [[full, full, full - 1]], [[]]])(
  "frames of %j bytes are a body",
  async (sizes) => {
    const { bytes } = await bodyOf(sizes);
    expect(bytes).toHaveLength(sizes.reduce((sum, size) => sum + size, 0));
  },
);

test.each([[[0]], [[full, 0]], [[0, 1]], [[1, 1]], [[full - 1, full]], [[full, 1, 1]]])(
  "frames of %j bytes are none: all but the last are full, and none is empty",
  async (sizes) => {
    await expect(bodyOf(sizes)).rejects.toMatchObject({ code: "invalid_value" });
  },
);

test("a body is charged as it came over the wire, padding and all, until it is released", async () => {
  const sizes = [full, 1];
  const wire = sizes.reduce((sum, size) => sum + sealed(size).length, 0);
  await expect(bodyOf(sizes, createByteBudget(wire - 1))).rejects.toMatchObject({ code: "busy" });

  const inFlight = createByteBudget(wire);
  const body = await bodyOf(sizes, inFlight);
  expect(inFlight.take(1)).toBe(false);
  body.release();
  body.release();
  expect([inFlight.take(wire), inFlight.take(1)]).toEqual([true, false]);
});

test("a body that is refused halfway is charged no more", async () => {
  const inFlight = createByteBudget(1e9);
  await expect(bodyOf([full, 1, 1], inFlight)).rejects.toThrow();
  expect(inFlight.take(1e9)).toBe(true);
});
