/** What has not reached the coordinator yet. */
import type { Outbox } from "../outbox.ts";
import type { Metrics } from "./metrics.ts";

export function measureOutbox(
  metrics: Metrics,
  outbox: Pick<Outbox, "pending" | "waitingMs">,
): void {
  metrics.gauge("troop_outbox_lines", "Lines that the coordinator has not answered for.", () => [
    { value: outbox.pending() },
  ]);
  metrics.gauge("troop_outbox_waiting_seconds", "How long one of them has waited, at most.", () => [
    { value: outbox.waitingMs() / 1_000 },
  ]);
}
