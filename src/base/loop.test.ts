import { expect, test } from "vitest";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import { startLoop } from "./loop.ts";
import { systemRandom } from "./random.ts";

function loopOf(round: () => Promise<number>) {
  const clock = createFakeClock();
  const stop = new AbortController();
  const failures: unknown[] = [];
  const loop = startLoop({
    clock,
    random: { ...systemRandom, fraction: () => 1 },
    signal: stop.signal,
    backoff: { firstMs: 100, ceilingMs: 400 },
    round,
    onFailure: (error) => failures.push(error),
  });
  return { clock, stop, loop, failures };
}

test("a loop waits as long as its round said", async () => {
  let rounds = 0;
  const { clock, stop, loop } = loopOf(async () => ((rounds += 1), 1_000));
  await clock.advance(0);
  expect(rounds).toBe(1);
  await clock.advance(999);
  expect(rounds).toBe(1);
  await clock.advance(1);
  expect(rounds).toBe(2);
  stop.abort();
  await loop.ended;
});

test("a failed round is reported and tried again ever later, up to the ceiling", async () => {
  let rounds = 0;
  const { clock, stop, failures } = loopOf(async () => {
    rounds += 1;
    throw new Error("no");
  });
  const seen: number[] = [];
  for (const pauseMs of [100, 200, 400, 400]) {
    await clock.advance(pauseMs - 1);
    seen.push(rounds);
    await clock.advance(1);
  }
  expect(seen).toEqual([1, 2, 3, 4]);
  expect(failures).toHaveLength(5);
  stop.abort();
});

test("a wake during a round makes another round follow at once", async () => {
  let rounds = 0;
  let release = () => {};
  const { clock, stop, loop } = loopOf(async () => {
    rounds += 1;
    if (rounds === 1) await new Promise<void>((resolve) => (release = resolve));
    return 60_000;
  });
  loop.wake();
  release();
  await clock.advance(0);
  expect(rounds).toBe(2);
  stop.abort();
  await loop.ended;
});
