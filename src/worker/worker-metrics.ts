/** What a worker measures of its work. */
import type { Clock } from "../base/clock.ts";
import { createMetrics, type Metrics } from "../host/observe/metrics.ts";
import { measureOutbox } from "../host/observe/outbox-metrics.ts";
import type { Outbox } from "../host/outbox.ts";
import type { Line } from "../protocol/receipt.ts";
import type { Slots } from "./slots.ts";

export interface WorkerMetricsParts {
  outbox: Pick<Outbox, "pending" | "waitingMs">;
  slots: Pick<Slots, "active" | "total">;
}

export interface WorkerMetrics {
  metrics: Metrics;
  /** Counts a request that came to its line. */
  served(line: Line): void;
  /** Measures what there is only once the worker is put together. */
  measure(parts: WorkerMetricsParts): void;
}

export function createWorkerMetrics(clock: Clock): WorkerMetrics {
  const metrics = createMetrics(clock);
  const requests = metrics.counter(
    "troop_worker_requests_total",
    "Served requests, by how they ended.",
  );
  const tokens = metrics.counter(
    "troop_worker_tokens_total",
    "Tokens of served requests, by kind.",
  );
  const billed = metrics.counter("troop_worker_billed_seconds_total", "Time that was billed.");
  return {
    metrics,
    served({ finish, prompt_tokens: prompt, completion_tokens: completion, billed_ms: billedMs }) {
      requests.add({ finish });
      tokens.add({ kind: "prompt" }, prompt);
      tokens.add({ kind: "completion" }, completion);
      billed.add({}, billedMs / 1_000);
    },
    measure({ outbox, slots }) {
      measureOutbox(metrics, outbox);
      metrics.gauge("troop_worker_slots", "Requests that run, and that may run at once.", () => [
        { labels: { state: "active" }, value: slots.active },
        { labels: { state: "total" }, value: slots.total },
      ]);
    },
  };
}
