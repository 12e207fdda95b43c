/** What passes a relay. */
import type { Metrics } from "../host/observe/metrics.ts";
import type { Relay } from "./relay.ts";

export function measureRelay(metrics: Metrics, relay: Relay): void {
  metrics.gauge("troop_relay_nodes", "Workers that are connected to the relay.", () => [
    { value: relay.nodes },
  ]);
  metrics.gauge("troop_relay_streams", "Streams under way through the relay.", () => [
    { value: relay.streams },
  ]);
  metrics.total("troop_relay_streams_total", "Streams that began.", () => [
    { value: relay.passed.streams },
  ]);
  metrics.total("troop_relay_bytes_total", "Bytes that passed, either way.", () => [
    { value: relay.passed.bytes },
  ]);
}
