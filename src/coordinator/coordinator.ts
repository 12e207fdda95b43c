/** The coordinator put together: database, registry, ledger, tickets, jobs, and the HTTP server in front. */
import type { FastifyInstance } from "fastify";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { lockFolder } from "../host/folder-lock.ts";
import { createSourceOf } from "../host/client-address.ts";
import { ensureFolder } from "../host/folders.ts";
import { isSocket } from "../host/listen.ts";
import type { Log } from "../host/log.ts";
import { createMetrics, type Metrics } from "../host/observe/metrics.ts";
import type { Tracer } from "../host/observe/tracing.ts";
import { limits } from "../protocol/limits.ts";
import { verifier } from "../protocol/signature.ts";
import { createRelay } from "../relay/relay.ts";
import { createAccountKeys } from "./accounts/account-keys.ts";
import { createAccounts } from "./accounts/accounts.ts";
import { createNodes } from "./accounts/enrolment.ts";
import { createJoining } from "./accounts/joining.ts";
import { createJoinWork } from "./accounts/join-work.ts";
import { openAuditLog } from "./audit/audit-log.ts";
import { limitReached, starterGranted, verdictGiven, vestedByTime } from "./audit/events.ts";
import { bringUpToDate } from "./bring-up-to-date.ts";
import { checkPublicUrl, type CoordinatorConfig } from "./config.ts";
import { openDatabase } from "./database.ts";
import { createApp } from "./http/app.ts";
import { createCallers } from "./http/callers.ts";
import { createCounters, type Counters } from "./jobs/counters.ts";
import { startJobs, sweeping } from "./jobs/jobs.ts";
import { startPeriodic } from "./jobs/periodic.ts";
import { createServiceStore, takeTurn, writeSwept } from "./jobs/service-store.ts";
import type { Offence } from "./ledger/audit-store.ts";
import { readFaucet } from "./ledger/grant-store.ts";
import { createLedger } from "./ledger/ledger.ts";
import { createPrices } from "./ledger/prices.ts";
import { createSqlStore } from "./ledger/sql-store.ts";
import { createTariffStore } from "./ledger/tariff-store.ts";
import { openCallLog } from "./limits/open-call-log.ts";
import { createLimiter } from "./limits/limiter.ts";
import { listenAt, transportOf } from "./listening.ts";
import { type ConnectRedis, redisAt } from "./redis-connection.ts";
import type { Leases } from "./registry/leases.ts";
import { createMemoryLeases } from "./registry/memory-leases.ts";
import { openRedisLeases } from "./registry/redis-leases.ts";
import { createDemand } from "./registry/demand.ts";
import { createRegistry } from "./registry/registry.ts";
import { countTickets } from "./observe/count-tickets.ts";
import { createObserver } from "./observe/observer.ts";
import { openOperator, type Operator } from "./operator/operator-listener.ts";
import { createPresenceWatch } from "./reputation/presence.ts";
import { createReputationStore } from "./reputation/reputation-store.ts";
import { createReputations } from "./reputation/reputations.ts";
import { createHmacReceiver } from "./tickets/hmac-keys.ts";
import { createIssuer } from "./tickets/issue.ts";
import { createRedeemer } from "./tickets/redeem.ts";
import { openKeyRing } from "./tickets/shared-ring.ts";
import { usualRamp } from "./verification/ramp.ts";
import { createVerification } from "./verification/verification.ts";

export interface Parts {
  clock: Clock;
  random: Random;
  log: Log;
  /** Undefined where nothing is traced. */
  tracer?: Tracer | undefined;
}

export interface Coordinator extends AsyncDisposable {
  /** Where clients and workers reach it; what proofs and tickets name. */
  readonly url: string;
  /** Where operators are listened to; undefined where they are not. */
  readonly operator: Pick<Operator, "url" | "takePassword"> | undefined;
  /** Rows that break an invariant of the books; none where all is well. */
  auditLedger(): Promise<Offence[]>;
  readonly counters: Readonly<Counters>;
  readonly metrics: Metrics;
  /** Handles a request without a socket. */
  readonly inject: FastifyInstance["inject"];
}

/**
 * Starts a coordinator. It serves when the promise resolves; disposing finishes open requests first.
 * @throws TroopError `data_folder_locked`, `data_folder_invalid`, `database_unreachable`, `key_file_invalid`,
 *   `configuration_invalid`, `port_taken`
 */
export async function startCoordinator(
  config: CoordinatorConfig,
  parts: Parts,
): Promise<Coordinator> {
  // Unwound in reverse, whether the start fails half-way or all is over.
  await using resources = new AsyncDisposableStack();
  const folder = ensureFolder(config.dataFolder);
  // Two processes would corrupt an embedded database without a word.
  if (!config.databaseUrl) resources.use(lockFolder(folder, "coordinator"));
  const database = resources.adopt(
    await openDatabase(
      { url: config.databaseUrl, folder: join(folder, "db"), poolSize: config.databasePool },
      parts.log,
    ),
    (opened) => opened.destroy(),
  );
  await bringUpToDate(database, config.migrate);
  const { auditKeepMs: keepMs } = config;
  const auditLog = resources.use(openAuditLog({ ...parts, database, dataFolder: folder, keepMs }));
  const keyRing = resources.use(
    await openKeyRing({
      ...{ ...parts, database, folder: join(folder, "keys"), secret: config.keyRingSecret },
    }),
  );
  const metrics = createMetrics(parts.clock);

  const { clock } = parts;
  // Known only once the port is, and nothing is answered before that.
  let url = config.publicUrl;
  const publicUrl = () => url ?? "";

  const heartbeatMs = config.heartbeatMs ?? limits.heartbeatMs;
  const { joinPolicy, addressPolicy, starterCredits, faucetDaily } = config;
  const ledger = createLedger({
    ...{ store: createSqlStore(database), starterCredits, faucetDaily },
    onGranted: (account, amount) => auditLog.recordDurably(starterGranted(account, amount)),
    onVested: (holds, requests) => auditLog.record(vestedByTime(holds, requests)),
  });
  const prices = createPrices(createTariffStore(database));
  const accounts = createAccounts({ database, clock });
  const joining = createJoining({
    ...{ database, clock, accounts, faucetDaily, policy: joinPolicy, leastWork: config.joinWork },
    work: createJoinWork(keyRing.joinSecret, parts),
    faucetLeft: () => readFaucet(database),
  });
  const nodes = createNodes({ database, clock, verifier, accounts, joining, publicUrl });
  const reputations = createReputations({ ...parts, store: createReputationStore(database) });
  const presence = createPresenceWatch(clock, heartbeatMs * limits.heartbeatsPerLease);
  const connect = config.redisUrl ? redisAt({ ...parts, url: config.redisUrl }) : undefined;
  const leases = resources.use(await openLeases(connect, { ...parts, onDeaf: presence.excuse }));
  const registry = createRegistry({
    ...{ leases, clock, addressPolicy, heartbeatMs },
    fittedRates: prices.rates,
    ...{ reputationOf: reputations.scoreOf, presence },
    isRelayAllowed: (named) =>
      config.relaysAllowed.includes(named) || (config.relay !== undefined && named === url),
  });
  resources.use(
    await startJobs({
      ...{ ...parts, ledger, registry, service: createServiceStore(database) },
      onSwept: (now) => writeSwept(database, now),
      onOutOfReach: presence.excuse,
      takeTurn: (now, work) => takeTurn(database, sweeping, now, work),
    }),
  );
  resources.use(reputations.start(registry, presence));
  const verification = resources.use(
    createVerification({
      ...{ ...parts, database, nodes, registry, ramp: config.proofs ?? usualRamp },
      recordVerdict: (verdict) => auditLog.record(verdictGiven(verdict)),
    }),
  );
  const counters = createCounters();
  resources.use(
    startPeriodic({
      ...{ ...parts, ledger, prices, registry, counters },
      takeTurn: (job, now, work) => takeTurn(database, job, now, work),
    }),
  );

  const sourceOf = createSourceOf(config.trustedProxies, { isSocket: isSocket(config.listen) });
  const limiter = createLimiter({
    ...{ clock, rates: { ...config.rateLimits, heartbeatMs } },
    calls: resources.use(await openCallLog(connect, clock)),
    onRefused: (refusal) => auditLog.record(limitReached(refusal)),
  });

  const shared = { ...parts, metrics, auditLog, database, dataFolder: folder, faucetDaily };
  const deskParts = { ...shared, accounts, nodes, registry, keyRing, limiter, sourceOf };
  const operator = config.operator && resources.use(await openOperator(config.operator, deskParts));

  const relay =
    config.relay &&
    createRelay({
      ...{ ...parts, verifier, limits: config.relay, now: clock.now },
      ...{ issuer: publicUrl, url: publicUrl, keys: () => keyRing.tickets },
      ...{ sourceOf, sources: limiter.sources },
    });
  if (relay) resources.use(relay);

  let isStopping = false;
  const observer = resources.use(
    createObserver({
      ...{ ...parts, metrics, database, leases, counters, relay, connectRedis: connect },
      isStopping: () => isStopping,
    }),
  );
  const app = await createApp(
    { ...parts, ...transportOf(config) },
    {
      clock,
      accounts,
      auditLog,
      desk: operator?.desk,
      accountKeys: createAccountKeys({ database, clock, verifier, accounts, publicUrl }),
      joining,
      nodes,
      ledger,
      prices,
      registry,
      reputations,
      demand: createDemand({ clock }),
      keyRing,
      verification,
      relay,
      issuer: countTickets(
        createIssuer({ ...parts, ledger, registry, keyRing, publicUrl }),
        metrics,
      ),
      observer,
      hmacReceiver: createHmacReceiver({ secret: config.hmacSecret, nodes, ledger, clock }),
      redeemer: createRedeemer({ ledger, accounts, verifier, clock, publicUrl }),
      callers: createCallers({ accounts, verifier, clock, publicUrl, joining, nodes, limiter }),
      limiter,
      sourceOf,
      heartbeatMs,
      isStopping: () => isStopping,
      startedAt: clock.now(),
    },
  );
  resources.defer(async () => {
    isStopping = true;
    verification.stop();
    await relay?.drain();
    await app.close();
  });
  const listening = resources.use(await listenAt(app, config, parts));
  url ??= checkPublicUrl(listening.url ?? "");
  parts.log.info({ url }, "the coordinator serves");

  const owned = resources.move();
  return {
    ...{ url, operator, counters, metrics },
    auditLedger: () => ledger.audit(),
    inject: app.inject.bind(app) as FastifyInstance["inject"],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const openLeases = async (
  connect: ConnectRedis | undefined,
  parts: Parts & { onDeaf: () => void },
): Promise<Leases> =>
  connect ? openRedisLeases({ ...parts, connect, prefix: "troop:" }) : createMemoryLeases();
