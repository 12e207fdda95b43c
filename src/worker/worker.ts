/** The worker, put together: engines on one side, the coordinator on the other, sealed requests in between. */
import { Agent, type Dispatcher } from "undici";
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { type CoordinatorClient, createCoordinatorClient } from "../host/coordinator-client.ts";
import { lockFolder } from "../host/folder-lock.ts";
import { ensureFolder } from "../host/folders.ts";
import { urlOf } from "../host/listen.ts";
import { type LocalDatabase, openLocalDatabase } from "../host/local-database.ts";
import type { Log } from "../host/log.ts";
import type { Metrics } from "../host/observe/metrics.ts";
import type { Tracer } from "../host/observe/tracing.ts";
import { type Mesh, noMesh, ownAddresses } from "../host/mesh/mesh.ts";
import { packageVersion } from "../host/package.ts";
import type { Signer } from "../protocol/signature.ts";
import type { CatalogueParts, EngineReport } from "./catalogue.ts";
import type { WorkerConfig } from "./config.ts";
import { openControl } from "./control/control-socket.ts";
import { createSteering } from "./control/steering.ts";
import { createWorkerCore } from "./core.ts";
import type { Engine } from "./engines/engine.ts";
import { guestVerbs } from "./guests/guest-verbs.ts";
import { createGuests } from "./guests/guests.ts";
import { createGuestsStore, guestsFile } from "./guests/guests-store.ts";
import { readHardware } from "./hardware.ts";
import type { PresenceStatus } from "./idle/owner.ts";
import type { Senses } from "./idle/senses.ts";
import { createJobs } from "./jobs/jobs.ts";
import { createJobsStore } from "./jobs/jobs-store.ts";
import { refusalIn } from "./lifecycle.ts";
import { listenCandidates } from "./listen-address.ts";
import { createAskDemand } from "./no-work/demand.ts";
import { createWorkReport } from "./no-work/work-report.ts";
import { createExchanges } from "./proxy/exchanges.ts";
import { serveAtFirstFree } from "./proxy/serve.ts";
import { createDial } from "./relay/dial.ts";
import type { StartProver } from "./proof/start-prover.ts";
import { createRelays } from "./relay/relays.ts";
import { createServeRelayed } from "./relay/serve-relayed.ts";
import { drain, stop, type StopParts } from "./stop.ts";
import { fetchTicketKeys } from "../host/ticket-keys.ts";
import { createWorkerMetrics } from "./worker-metrics.ts";
import { statusOnPort, type WorkerStatus } from "./worker-status.ts";

export interface WorkerParts {
  clock: Clock;
  random: Random;
  log: Log;
  /** Undefined where nothing is traced. */
  tracer?: Tracer | undefined;
  /** Stay the caller's: they are not disposed with the worker. */
  engines: readonly Engine[];
  /** Engines that were started since; they too stay the caller's. */
  discover?: CatalogueParts["discover"];
  node: Signer;
  /** The account that earns. */
  owner: Signer;
  /** Where the owner's key was linked to the account rather than being its first. */
  accountId?: string;
  /** What is known of the mesh now; absent: nothing. */
  mesh?: () => Mesh;
  /** What is said of the machine's GPUs. */
  gpus?: string[];
  /** Starts what proves the hardware; absent: nothing is proven. */
  startProver?: StartProver;
  /** By which the owner is noticed; absent: only their word counts. */
  senses?: Senses;
  /** The owner came or went. */
  onPresence?: (status: PresenceStatus) => void;
  /** Carries every outgoing call; in tests a network of their own. */
  dispatcher?: Dispatcher;
}

/** Disposing lets running streams finish, as `drain` does, and then stops. */
export interface Worker extends AsyncDisposable {
  readonly nodeId: string;
  /** Where it listens. */
  readonly url: string;
  status(): WorkerStatus;
  /** Takes no new requests until `resume`, also after a restart. */
  pause(): void;
  resume(): void;
  /** Takes no new requests, for good, and completes those that run, however long that takes. */
  finish(): void;
  /** Resolves once what `finish` was to complete is complete: the worker is to be disposed then. */
  readonly finished: Promise<void>;
  /** Takes no new requests, for good. Resolves once none runs; those left are ended when `signal` aborts. */
  drain(signal?: AbortSignal): Promise<void>;
  /** Sends waiting receipts now instead of at the next tick. */
  flush(): void;
  /** Lines that the coordinator has not answered for yet. */
  pending(): number;
  /** Type of the engine that serves a model. */
  engineOf(model: string): string | undefined;
  /** What each engine has, for the owner's eyes. */
  inventory(): EngineReport[];
  readonly metrics: Metrics;
}

/** Journal, receipts and jobs, in the data folder. */
export const workerFile = "worker.sqlite";

/**
 * Starts, enrols where needed, and is listed when it resolves.
 * @throws TroopError `configuration_invalid`, `data_folder_invalid`, `data_folder_locked`, `port_taken`,
 *   `coordinator_unreachable`, or the coordinator's refusal
 */
export async function startWorker(config: WorkerConfig, parts: WorkerParts): Promise<Worker> {
  const { clock, random, log, node, owner, mesh = () => noMesh } = parts;
  const { coordinatorUrl, listen } = config;
  const relayed = config.relays.length > 0;
  const candidates = listenCandidates(coordinatorUrl, listen, ownAddresses(), mesh(), relayed);
  await using stack = new AsyncDisposableStack();
  const outside = openOutside(config, parts, stack);
  const { coordinator } = outside;
  const streams = new AbortController();
  const now = () => coordinator.time.now();
  const jobs = stack.use(createJobs({ store: createJobsStore(outside.database), now, log }));
  const guests = createGuests({
    ...{ settings: config.guests, store: createGuestsStore(outside.guestsDatabase), log, now },
    requesterOf: jobs.requesterOf,
  });
  const measured = createWorkerMetrics(clock);
  const core = createWorkerCore(
    {
      ...{
        ...parts,
        ...outside,
        config,
        hardware: readHardware(parts.gpus),
        onAnswered: jobs.answered,
      },
      guests: {
        check: guests.check,
        served(claims, line) {
          guests.served(claims, line);
          jobs.served(claims, line);
          measured.served(line);
        },
      },
      address: () => server.address,
      relays: () => relays.connected(),
      fetchKeys: (signal) => fetchTicketKeys(coordinator, signal),
    },
    streams.signal,
  );
  const { catalogue, heartbeats, infer, move, outbox, recovered, slots } = core;
  measured.measure(core);
  if (recovered > 0) log.warn({ requests: recovered }, "requests lost when last stopped");

  const loops = new AbortController();
  const exchanges = createExchanges({ infer, clock, log });
  const relays = createRelays({
    ...{ urls: config.relays, clock, random, log, onChange: heartbeats.changed },
    dial: createDial({ node, clock, random, now }),
    serve: createServeRelayed({ exchanges, random }),
  });
  const workerStatus = (): WorkerStatus => ({
    ...{
      node_id: node.id,
      owner: parts.accountId ?? owner.id,
      status: core.status(),
      multiplier: core.multiplier(),
      proof: core.proof(),
    },
    slots: { active: slots.active, total: slots.total },
    relays: relays.connected(),
    ...{ url: urlOf(server.address), coordinator: config.coordinatorUrl, version: packageVersion },
    models: catalogue.models().map(({ name }) => name),
    engines: catalogue.described(),
    ...{ receipts_waiting: outbox.pending(), mesh: mesh() },
    presence: core.presence.status(),
    ...{ yield: config.idle.yield, lend_to: config.guests.lendTo },
  });
  await core.prepare(loops.signal);
  const server = await serveAtFirstFree(candidates, {
    ...{ exchanges, random, status: () => statusOnPort(workerStatus()) },
    health: () => ({
      status: refusalIn(core.state) === "draining" ? "stopping" : "ok",
      service: "monkey-troop-worker",
      version: packageVersion,
    }),
  });
  stack.use(server);
  const steering = createSteering({
    ...{ folder: config.dataFolder, move, exchanges, status: workerStatus },
  });
  const report = createWorkReport({
    ...{ core, jobs, lendTo: config.guests.lendTo, now },
    askDemand: createAskDemand({ coordinator, owner, clock }),
  });
  const verbs = { ...steering.verbs, ...guestVerbs(guests), "GET /work": report };
  stack.use(await openControl({ folder: config.dataFolder, verbs, random, log }));
  // Where the start fails from here on, nobody else would end what was begun.
  stack.defer(() => loops.abort(new Error("the worker stops")));
  steering.start();
  await relays.begin(loops.signal);
  await heartbeats.beat(loops.signal);

  const running = [...core.run(loops.signal), relays.ended()];
  const stopParts: StopParts = {
    ...{ clock, log, move, exchanges, streams, loops, running, outbox, heartbeats },
    opened: stack.move(),
  };
  let stopped: Promise<void> | undefined;
  return {
    nodeId: node.id,
    url: urlOf(server.address),
    status: workerStatus,
    ...{ pause: steering.pause, resume: steering.resume },
    ...{ finish: steering.finish, finished: steering.finished },
    drain: (signal) => drain(stopParts, signal),
    flush: outbox.flush,
    pending: outbox.pending,
    engineOf: (model) => catalogue.offersOf(model)[0]?.engine.type,
    inventory: catalogue.inventory,
    metrics: measured.metrics,
    [Symbol.asyncDispose]: () => (stopped ??= stop(stopParts)),
  };
}

interface Outside {
  database: LocalDatabase;
  guestsDatabase: LocalDatabase;
  coordinator: CoordinatorClient;
  /** Towards the engines. */
  dispatcher: Dispatcher;
}

/** What is opened once and closed in the end. */
function openOutside(
  { dataFolder, coordinatorUrl: url }: WorkerConfig,
  { clock, random, dispatcher: given }: WorkerParts,
  stack: AsyncDisposableStack,
): Outside {
  const folder = ensureFolder(dataFolder);
  stack.use(lockFolder(folder, "worker"));
  return {
    database: stack.use(openLocalDatabase(folder, workerFile)),
    guestsDatabase: stack.use(openLocalDatabase(folder, guestsFile)),
    coordinator: stack.use(
      createCoordinatorClient({ url, clock, random, ...(given ? { dispatcher: given } : {}) }),
    ),
    dispatcher: given ?? stack.adopt(new Agent(), (agent) => agent.destroy()),
  };
}
