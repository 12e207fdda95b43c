/** What a role's process measures, besides what the role itself does, and where it is told. */
import { readMetricsListen } from "../host/observe/config.ts";
import { serveMetrics } from "../host/observe/metrics-listener.ts";
import type { Metrics } from "../host/observe/metrics.ts";
import { observeProcess } from "../host/observe/process-metrics.ts";
import type { CommandContext } from "./context.ts";

/** @throws TroopError `port_taken`, `configuration_invalid` */
export async function measured(
  {
    environment,
    output,
    telemetry,
    clock,
  }: Pick<CommandContext, "environment" | "output" | "telemetry" | "clock">,
  { metrics }: { metrics: Metrics },
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  stack.use(observeProcess(metrics, clock));
  if (telemetry)
    metrics.total(
      "troop_telemetry_dropped_total",
      "Spans and lines of the log that no collector got.",
      () => [{ value: telemetry.dropped() }],
    );
  const address = readMetricsListen(environment);
  if (address) {
    const { url } = stack.use(await serveMetrics(address, metrics));
    output.note(`Metrics at ${url}/metrics`);
  }
  return stack.move();
}
