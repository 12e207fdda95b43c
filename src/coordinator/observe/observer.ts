/** What can be seen of a coordinator from outside: metrics, traces, whether it is ready, and figures for everybody. */
import type { Metrics } from "../../host/observe/metrics.ts";
import type { Tracer } from "../../host/observe/tracing.ts";
import { measureRelay } from "../../relay/relay-metrics.ts";
import type { Relay } from "../../relay/relay.ts";
import type { ReadyAnswer, StatsAnswer } from "../../protocol/state-answers.ts";
import type { ConnectRedis } from "../redis-connection.ts";
import { type CoordinatorMetricsParts, measureCoordinator } from "./coordinator-metrics.ts";
import { createReadiness } from "./readiness.ts";
import { createStats } from "./stats.ts";

export interface ObserverParts extends CoordinatorMetricsParts {
  /** Undefined where nothing is traced. */
  tracer?: Tracer | undefined;
  /** Undefined where there is no Redis. */
  connectRedis: ConnectRedis | undefined;
  relay: Relay | undefined;
  isStopping: () => boolean;
}

export interface Observer extends Disposable {
  readonly metrics: Metrics;
  readonly tracer: Tracer | undefined;
  ready(): Promise<ReadyAnswer>;
  /** @throws TroopError `ledger_unavailable` */
  stats(): Promise<StatsAnswer>;
}

export function createObserver(parts: ObserverParts): Observer {
  const { metrics, tracer, relay } = parts;
  measureCoordinator(parts);
  if (relay) measureRelay(metrics, relay);
  const readiness = createReadiness(parts);
  return {
    ...{ metrics, tracer },
    ready: readiness.read,
    stats: createStats(parts),
    [Symbol.dispose]: () => readiness[Symbol.dispose](),
  };
}
