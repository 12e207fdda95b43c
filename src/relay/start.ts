/** A relay of its own, put together: the server, and the keys of the coordinator whose tickets it takes. */
import type { Clock } from "../base/clock.ts";
import { startLoop } from "../base/loop.ts";
import { jitter, type Random } from "../base/random.ts";
import { createSourceOf } from "../host/client-address.ts";
import { createCoordinatorClient } from "../host/coordinator-client.ts";
import { type ListenAddress, urlOf } from "../host/listen.ts";
import type { Log } from "../host/log.ts";
import { createMetrics, type Metrics } from "../host/observe/metrics.ts";
import type { Tracer } from "../host/observe/tracing.ts";
import { packageVersion } from "../host/package.ts";
import { readRelayUrl } from "../host/relay-url.ts";
import { fetchTicketKeys } from "../host/ticket-keys.ts";
import { verifier } from "../protocol/signature.ts";
import type { TicketKeys } from "../protocol/ticket.ts";
import type { RelayConfig } from "./config.ts";
import { measureRelay } from "./relay-metrics.ts";
import { createRelay } from "./relay.ts";
import { serveRelay } from "./serve.ts";

export interface RelayProcessParts {
  clock: Clock;
  random: Random;
  log: Log;
  /** Undefined where nothing is traced. */
  tracer?: Tracer | undefined;
}

/** Disposing lets running streams finish, for 300 s at most. */
export interface RelayProcess extends AsyncDisposable {
  /** As workers and clients reach it. */
  readonly url: string;
  /** Where it listens. */
  readonly address: ListenAddress;
  readonly metrics: Metrics;
}

/** A coordinator shows a new key a day before it signs with it. */
const keysMs = 300_000;
const backoff = { firstMs: 1_000, ceilingMs: 30_000 };

/**
 * Serves when the promise resolves.
 * @throws TroopError `port_taken`, `configuration_invalid`, `coordinator_unreachable`, `timeout`
 */
export async function startRelay(
  config: RelayConfig,
  parts: RelayProcessParts,
): Promise<RelayProcess> {
  const { clock, random, log } = parts;
  await using stack = new AsyncDisposableStack();
  const coordinator = stack.use(
    createCoordinatorClient({ url: config.coordinatorUrl, clock, random }),
  );
  const stopping = new AbortController();
  let keys: TicketKeys = await fetchTicketKeys(coordinator, stopping.signal);
  let isStopping = false;
  let url = config.publicUrl;
  const relay = stack.use(
    createRelay({
      ...{ clock, random, log, verifier, limits: config.limits },
      issuer: () => config.coordinatorUrl,
      keys: () => keys,
      now: () => coordinator.time.now(),
      url: () => url ?? "",
      sourceOf: createSourceOf(config.trustedProxies),
      streamTracer: parts.tracer,
    }),
  );
  const metrics = createMetrics(clock);
  measureRelay(metrics, relay);
  const server = await serveRelay(config.listen, {
    ...{ clock, random, relay },
    health: () => ({
      status: isStopping ? "stopping" : "ok",
      service: "monkey-troop-relay",
      version: packageVersion,
    }),
  });
  stack.use(server);
  url ??= readRelayUrl("RELAY_PUBLIC_URL", urlOf(server.address));
  const loop = startLoop({
    ...{ clock, random, backoff, signal: stopping.signal },
    round: async (signal) => {
      keys = await fetchTicketKeys(coordinator, signal);
      return jitter(random, keysMs);
    },
    onFailure: (error) => log.warn({ err: error }, "ticket keys not fetched"),
  });
  stack.defer(async () => {
    isStopping = true;
    stopping.abort(new Error("the relay stops"));
    await loop.ended;
    await relay.drain();
  });
  log.info({ url }, "the relay serves");
  const opened = stack.move();
  const { address } = server;
  return { url, address, metrics, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
