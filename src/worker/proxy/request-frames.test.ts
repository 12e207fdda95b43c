/** A request's body as frames: what it may be cut into, and what it is charged against the worker's memory. */
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { limits } from "../../protocol/limits.ts";
import type { FrameSealer } from "../../protocol/sealed-stream-cipher.ts";
import { frameOf, openTestSession } from "../../protocol/sealed-stream.fixture.ts";
import { createByteBudget, receiveRequest } from "./request-frames.ts";

/** Body frames of these sizes; the last of them, or the head where there is none, is final. */
function seal(sealer: FrameSealer, sizes: readonly number[]): Uint8Array[] {
  const head = sealer.seal(frameOf("head", "{}"), sizes.length === 0);
  const last = sizes.length - 1;
  const frames = sizes.map((size, index) =>
    sealer.seal(frameOf("body", "x".repeat(size)), index === last),
  );
  return [head, ...frames];
}
const full = limits.frameBytes;

async function bodyOf(sizes: readonly number[], inFlight = createByteBudget(1e9)) {
  const { client, worker } = openTestSession().exchange();
  const request = new PassThrough();
  request.end(Buffer.concat(seal(client.request, sizes)));
  const frames = receiveRequest(request, createFakeClock(), inFlight).open(worker.request);
  await frames.head();
  return frames.body();
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
  const [, ...sealed] = seal(openTestSession().exchange().client.request, sizes);
  const wire = sealed.reduce((sum, bytes) => sum + bytes.length, 0);
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

test("of a refused body as much is read as any may have, and then its sender is hung up on", () => {
  const request = new PassThrough();
  receiveRequest(request, createFakeClock(), createByteBudget(1e9)).discard();
  const mebibyte = Buffer.alloc(1_024 * 1_024);
  let sent = 0;
  for (; sent < 100 * mebibyte.length && !request.destroyed; sent += mebibyte.length)
    request.write(mebibyte);
  expect(request.destroyed).toBe(true);
  expect(sent).toBeGreaterThan(limits.inferenceBodyBytes);
  expect(sent).toBeLessThanOrEqual(limits.discardedBytes + 2 * mebibyte.length);
});
