import { expect, test } from "vitest";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import { createCoordinatorTime } from "./coordinator-time.ts";

test("the coordinator's clock is learned from an answer", () => {
  const clock = createFakeClock(1_000_000);
  const time = createCoordinatorTime(clock);
  time.observe(1_500_000, 1_000_000);
  expect(time.now()).toBe(1_500_000);
});

test("a slow answer does not spoil what a quick one has shown", async () => {
  const clock = createFakeClock(1_000_000);
  const time = createCoordinatorTime(clock);
  time.observe(1_000_000, 1_000_000);
  await clock.advance(20_000);
  // Stated at once, read 20 s later.
  time.observe(1_000_000, 1_000_000);
  expect(time.now()).toBe(1_020_000);
});

test("a clock that was set is followed", () => {
  const clock = createFakeClock(1_000_000);
  const time = createCoordinatorTime(clock);
  time.observe(1_000_000, 1_000_000);
  clock.shiftWall(-600_000);
  time.observe(1_000_010, 400_000);
  expect(time.now()).toBe(1_000_010);
});
