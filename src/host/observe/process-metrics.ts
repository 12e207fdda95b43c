/** What the process takes of the machine, and how long its event loop is held up. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock } from "../../base/clock.ts";
import type { Metrics } from "./metrics.ts";

const nanosecondsPerSecond = 1e9;
const microsecondsPerSecond = 1e6;
const resolution = 20;
const turnMs = 60_000;

/** Disposing stops the measuring. */
export function observeProcess(metrics: Metrics, clock: Pick<Clock, "timer">): Disposable {
  const measure = () => {
    const lag = monitorEventLoopDelay({ resolution });
    lag.enable();
    return lag;
  };
  // By turns, so that what is told begins by the clock and not with somebody's look: several may look.
  let [told, next] = [measure(), measure()];
  const takeTurns = () => {
    told.reset();
    [told, next] = [next, told];
    turn = clock.timer(turnMs, takeTurns);
  };
  let turn = clock.timer(turnMs, takeTurns);
  metrics.gauge(
    "troop_event_loop_lag_seconds",
    "How late timers were within the last minute or two, at quantiles and at most.",
    () => {
      // Each sample holds the timer's own interval.
      const seconds = (nanoseconds: number) =>
        Math.max(0, nanoseconds / nanosecondsPerSecond - resolution / 1_000);
      return [
        { labels: { quantile: "0.5" }, value: seconds(told.percentile(50)) },
        { labels: { quantile: "0.99" }, value: seconds(told.percentile(99)) },
        { labels: { quantile: "1" }, value: seconds(told.max) },
      ];
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
  return {
    [Symbol.dispose]() {
      turn.cancel();
      for (const lag of [told, next]) lag.disable();
    },
  };
}
