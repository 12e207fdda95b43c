import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { createMetrics } from "./metrics.ts";
import { observeProcess } from "./process-metrics.ts";

test("how late timers were is told to all who look, and forgotten by the clock", async () => {
  const clock = createFakeClock();
  const metrics = createMetrics(clock);
  using _observing = observeProcess(metrics, clock);
  const latest = async () =>
    Number(/^troop_event_loop_lag_seconds\{quantile="1"\} (.*)$/m.exec(await metrics.text())?.[1]);
  const held = () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    return latest();
  };
  await expect.poll(held).toBeGreaterThan(0.1);
  const seen = await latest();
  expect(await latest()).toBeGreaterThanOrEqual(seen);
  await clock.advance(60_000);
  expect(await latest()).toBeGreaterThanOrEqual(seen);
  await clock.advance(60_000);
  expect(await latest()).toBeLessThan(seen);
});
