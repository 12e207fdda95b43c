/** A body is read as long as it comes with 1 KiB a second, and no further than it may be large. */
import { PassThrough } from "node:stream";
import { beforeEach, expect, test } from "vitest";
import { limits } from "../../protocol/limits.ts";
import { createMovedClock, type MovedClock } from "../clock.fixture.ts";
import { readBody } from "./read-body.ts";

let clock: MovedClock;
let payload: PassThrough;
beforeEach(() => {
  clock = createMovedClock();
  payload = new PassThrough({ highWaterMark: 1_000_000 });
});

const read = (options: { length?: number; onBytes?: (count: number) => void } = {}) =>
  readBody(payload, {
    ...{ clock, most: 100_000, length: options.length },
    onBytes: options.onBytes ?? (() => undefined),
  });
/** Sends so many bytes, and resolves when they have been read. */
async function send(count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  payload.write(Buffer.alloc(count, "x"), () => setImmediate(resolve));
  await promise;
}

/** Heard from the first moment on. */
const failureOf = (reading: Promise<Buffer>): Promise<unknown> =>
  reading.then(
    () => undefined,
    (error: unknown) => error,
  );

test("one that comes with 1 KiB a second is read, however long that takes", async () => {
  const reading = read();
  for (let slot = 0; slot < 10; slot += 1) {
    await send(limits.slowBodyBytes);
    clock.advance(limits.slowBodyMs);
  }
  payload.end();
  expect(await reading).toHaveLength(10 * limits.slowBodyBytes);
});

test("one that comes with less is given up", async () => {
  const failure = failureOf(read());
  await send(limits.slowBodyBytes);
  clock.advance(limits.slowBodyMs);
  await send(limits.slowBodyBytes - 1);
  clock.advance(limits.slowBodyMs);
  expect(await failure).toMatchObject({ code: "request_timeout", status: 408 });
});

test("one that is larger than it may be is refused by its length, or where it is", async () => {
  await expect(read({ length: 100_001 })).rejects.toMatchObject({ code: "request_too_large" });
  const failure = failureOf(read());
  await send(100_000);
  await send(1);
  expect(await failure).toMatchObject({ code: "request_too_large" });
});

test("nothing is kept once it is refused", async () => {
  const counts: number[] = [];
  const onBytes = (count: number) => {
    counts.push(count);
    if (counts.length === 2) throw new Error("enough");
  };
  const failure = failureOf(read({ onBytes }));
  for (let turn = 0; turn < 4; turn += 1) await send(10);
  expect(await failure).toMatchObject({ message: "enough" });
  expect(counts).toEqual([10, 10]);
  expect(payload.readableLength).toBe(0);
});
