import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { createMetrics, remembered } from "./metrics.ts";

test("counters, histograms and gauges are told in Prometheus' text format", async () => {
  const metrics = createMetrics(createFakeClock());
  const calls = metrics.counter("calls_total", "Calls.");
  calls.add({ route: "GET /a" });
  calls.add({ route: "GET /a" }, 2);
  calls.add({ route: 'a "quoted\\" one\n' });
  const seconds = metrics.histogram("call_seconds", "Time.", [0.1, 1]);
  for (const value of [0.05, 0.5, 5]) seconds.observe(value);
  metrics.gauge("nodes", "Nodes.", async () => [{ labels: { status: "IDLE" }, value: 7 }]);
  expect(await metrics.text()).toBe(
    [
      "# HELP calls_total Calls.",
      "# TYPE calls_total counter",
      'calls_total{route="GET /a"} 3',
      'calls_total{route="a \\"quoted\\\\\\" one\\n"} 1',
      "# HELP call_seconds Time.",
      "# TYPE call_seconds histogram",
      'call_seconds_bucket{le="0.1"} 1',
      'call_seconds_bucket{le="1"} 2',
      'call_seconds_bucket{le="+Inf"} 3',
      "call_seconds_sum 5.55",
      "call_seconds_count 3",
      "# HELP nodes Nodes.",
      "# TYPE nodes gauge",
      'nodes{status="IDLE"} 7',
      "",
    ].join("\n"),
  );
});

test("what cannot be read is left out, and nothing else with it", async () => {
  const metrics = createMetrics(createFakeClock());
  metrics.gauge("lost", "Lost.", () => Promise.reject(new Error("the database is away")));
  metrics.gauge("there", "There.", () => [{ value: 1 }]);
  expect(await metrics.text()).toBe("# HELP there There.\n# TYPE there gauge\nthere 1\n");
});

test("what does not come is not waited for: it is left out after two seconds, and nothing else with it", async () => {
  const clock = createFakeClock();
  const metrics = createMetrics(clock);
  metrics.gauge("hanging", "Hanging.", () => new Promise(() => undefined));
  metrics.gauge("there", "There.", () => [{ value: 1 }]);
  const told = metrics.text();
  await clock.advance(2_000);
  expect(await told).toBe("# HELP there There.\n# TYPE there gauge\nthere 1\n");
  expect(clock.waiting).toBe(0);
});

test("however many labels somebody makes up, a metric has a thousand series and one for the rest", async () => {
  const metrics = createMetrics(createFakeClock());
  const made = metrics.counter("made_total", "Made up.");
  for (let count = 0; count < 5_000; count += 1) made.add({ name: `n${count}` });
  const lines = (await metrics.text()).split("\n").filter((line) => line.startsWith("made_total"));
  expect(lines.length).toBeLessThanOrEqual(1_001);
  expect(lines.at(-1)).toBe('made_total{name="other"} 4000');
});

test("what is remembered is read once for all who ask, and again when its time is over or it failed", async () => {
  const clock = createFakeClock();
  let reads = 0;
  let fails = false;
  const read = remembered(clock, 1_000, async () => {
    reads += 1;
    if (fails) throw new Error("away");
    return reads;
  });
  expect(await Promise.all([read(), read()])).toEqual([1, 1]);
  await clock.advance(1_000);
  fails = true;
  await expect(read()).rejects.toThrow("away");
  fails = false;
  expect(await read()).toBe(3);
});

test("while what is remembered is being read it is not read again, however long that takes", async () => {
  const clock = createFakeClock();
  const { promise, resolve } = Promise.withResolvers<number>();
  let reads = 0;
  const read = remembered(clock, 1_000, () => ((reads += 1), promise));
  const first = read();
  await clock.advance(60_000);
  const second = read();
  resolve(7);
  expect(await Promise.all([first, second])).toEqual([7, 7]);
  expect(reads).toBe(1);
  void read();
  expect(reads).toBe(2);
});

test("a failure is remembered for as long as it is said to be", async () => {
  const clock = createFakeClock();
  let reads = 0;
  const fail = async () => {
    reads += 1;
    throw new Error("away");
  };
  const read = remembered(clock, 600_000, fail, 1_000);
  await expect(read()).rejects.toThrow("away");
  await expect(read()).rejects.toThrow("away");
  expect(reads).toBe(1);
  await clock.advance(1_000);
  await expect(read()).rejects.toThrow("away");
  expect(reads).toBe(2);
});
