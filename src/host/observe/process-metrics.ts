/** What the process takes of the machine, and how long its event loop is held up. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Metrics } from "./metrics.ts";

const nanosecondsPerSecond = 1e9;
const microsecondsPerSecond = 1e6;
const resolution = 20;

/** Disposing stops the measuring. */
export function observeProcess(metrics: Metrics): Disposable {
  const lag = monitorEventLoopDelay({ resolution });
  lag.enable();
  metrics.gauge(
    "troop_event_loop_lag_seconds",
    "How late timers were since the last look, at quantiles and at most.",
    () => {
      // Each sample holds the timer's own interval.
      const seconds = (nanoseconds: number) =>
        Math.max(0, nanoseconds / nanosecondsPerSecond - resolution / 1_000);
      const samples = [
        { labels: { quantile: "0.5" }, value: seconds(lag.percentile(50)) },
        { labels: { quantile: "0.99" }, value: seconds(lag.percentile(99)) },
        { labels: { quantile: "1" }, value: seconds(lag.max) },
      ];
      lag.reset();
      return samples;
    },
  );
  metrics.gauge("process_resident_memory_bytes", "Memory that the process holds.", () => [
    { value: process.memoryUsage.rss() },
  ]);
  metrics.gauge("process_heap_bytes", "Memory that JavaScript uses.", () => [
    { value: process.memoryUsage().heapUsed },
  ]);
  metrics.total("process_cpu_seconds_total", "CPU time that the process has used.", () => {
    const { user, system } = process.cpuUsage();
    return [{ value: (user + system) / microsecondsPerSecond }];
  });
  return { [Symbol.dispose]: () => lag.disable() };
}
