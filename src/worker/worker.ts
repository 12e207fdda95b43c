/** The worker, put together: engines on one side, the coordinator on the other, sealed requests in between. */
import { Agent, type Dispatcher } from "undici";
import type { Clock } from "../base/clock.ts";
import { startLoop } from "../base/loop.ts";
import type { Random } from "../base/random.ts";
import { type CoordinatorClient, createCoordinatorClient } from "../host/coordinator-client.ts";
import { lockFolder } from "../host/folder-lock.ts";
import { ensureFolder } from "../host/folders.ts";
import { urlOf } from "../host/listen.ts";
import { type LocalDatabase, openLocalDatabase } from "../host/local-database.ts";
import type { Log } from "../host/log.ts";
import { createOutbox } from "../host/outbox.ts";
import { packageVersion } from "../host/package.ts";
import { limits } from "../protocol/limits.ts";
import type { HeartbeatAnswer } from "../protocol/node.ts";
import type { Signer } from "../protocol/signature.ts";
import type { NodeView } from "./beat.ts";
import { createCatalogue } from "./catalogue.ts";
import type { WorkerConfig } from "./config.ts";
import type { Engine } from "./engines/engine.ts";
import { enrol } from "./enrol.ts";
import { readHardware } from "./hardware.ts";
import { createHeartbeats } from "./heartbeat.ts";
import { createHoldAccounts } from "./hold-accounts.ts";
import { createJournal, type Journal } from "./journal.ts";
import { nextState, refusalIn, statusOf, type WorkerEvent, type WorkerState } from "./lifecycle.ts";
import { announcedHosts, listenCandidates, ownAddresses } from "./listen-address.ts";
import { serveAtFirstFree } from "./proxy/serve.ts";
import { createTickets } from "./proxy/tickets.ts";
import { createSlots } from "./slots.ts";
import { drain, stop, type StopParts } from "./stop.ts";
import { fetchTicketKeys } from "./ticket-keys.ts";
import type { WorkerStatus } from "./worker-status.ts";

export interface WorkerParts {
  clock: Clock;
  random: Random;
  log: Log;
  /** Stay the caller's: they are not disposed with the worker. */
  engines: readonly Engine[];
  node: Signer;
  /** The account that earns. */
  owner: Signer;
  /** Carries every outgoing call; in tests a network of their own. */
  dispatcher?: Dispatcher;
}

/** Disposing lets running streams finish, as `drain` does, and then stops. */
export interface Worker extends AsyncDisposable {
  readonly nodeId: string;
  /** Where it listens. */
  readonly url: string;
  status(): WorkerStatus;
  /** Takes no new requests until `resume`; what runs goes on. */
  pause(): void;
  resume(): void;
  /** Takes no new requests, for good. Resolves once none runs; those left are ended when `signal` aborts. */
  drain(signal?: AbortSignal): Promise<void>;
  /** Sends waiting receipts now instead of at the next tick. */
  flush(): void;
  /** Lines that the coordinator has not answered for yet. */
  pending(): number;
  /** Type of the engine that serves a model. */
  engineOf(model: string): string | undefined;
}

const pruneMs = 3_600_000;

/**
 * Starts, enrols where needed, and is listed when it resolves.
 * @throws TroopError `configuration_invalid`, `data_folder_invalid`, `data_folder_locked`, `port_taken`,
 *   `coordinator_unreachable`, or the coordinator's refusal
 */
export async function startWorker(config: WorkerConfig, parts: WorkerParts): Promise<Worker> {
  const { clock, random, log, node, owner } = parts;
  const candidates = listenCandidates(config.coordinatorUrl, config.listen, ownAddresses());
  await using stack = new AsyncDisposableStack();
  const { database, coordinator, dispatcher } = openOutside(config, parts, stack);
  const now = () => coordinator.time.now();
  const outbox = createOutbox({
    ...{ database, coordinator, clock, random, log, signer: node },
    ...{ path: "/receipts", type: "troop-receipt+jwt" },
  });
  const journal = createJournal({ database, outbox });
  const recovered = journal.recover();
  if (recovered > 0) log.warn({ requests: recovered }, "requests lost when last stopped");

  let state: WorkerState = "starting";
  let multiplier = "0.0500";
  let keySet: string | undefined;
  const tickets = createTickets({ issuer: config.coordinatorUrl, node: node.id, now });
  const accounts = createHoldAccounts(journal);
  const catalogue = createCatalogue({
    ...{ engines: parts.engines, clock, random, log, refreshMs: config.modelRefreshMs },
    onChange: () => heartbeats.changed(),
  });
  const slots = createSlots({
    engines: catalogue.engines,
    configured: config.slots,
    onChange: () => heartbeats.loadChanged(),
  });
  const loads = () => ({ active: slots.active, total: slots.total });
  const status = () => statusOf(state, slots.hasFree);
  const hardware = readHardware();
  const view = (): NodeView => ({
    status: status(),
    slots: loads(),
    running: accounts.running().slice(0, limits.runningHoldsPerNode),
    snapshot: {
      ...{ port: server.address.port, hosts: announcedHosts(server.address), hardware },
      ...{ engines: catalogue.described(), models: catalogue.models(), version: packageVersion },
    },
  });
  const onAnswer = async (answer: HeartbeatAnswer, signal: AbortSignal) => {
    tickets.revoke(answer.revoked);
    multiplier = answer.multiplier;
    if (answer.key_set === keySet) return;
    tickets.useKeys(await fetchTicketKeys(coordinator, signal));
    keySet = answer.key_set;
  };
  const heartbeats = createHeartbeats({
    ...{
      coordinator,
      node,
      clock,
      random,
      log,
      view,
      status,
      onAnswer,
      intervalMs: config.heartbeatMs,
    },
    enrol: (signal) => enrol(coordinator, node, owner, signal),
  });
  const move = (event: WorkerEvent) => {
    const before = state;
    state = nextState(state, event);
    if (state !== before) heartbeats.changed();
  };

  const loops = new AbortController();
  const streams = new AbortController();
  const workerStatus = (): WorkerStatus => ({
    ...{ node_id: node.id, owner: owner.id, status: status(), slots: loads(), multiplier },
    ...{ url: urlOf(server.address), coordinator: config.coordinatorUrl, version: packageVersion },
    models: catalogue.models().map(({ name }) => name),
    engines: catalogue.described(),
    receipts_waiting: outbox.pending(),
  });
  // The clock, keys and models are known before the first beat lists the node, so that it can keep what it says.
  tickets.useKeys(await fetchTicketKeys(coordinator, loops.signal));
  await catalogue.refresh(loops.signal);
  const server = await serveAtFirstFree(candidates, {
    ...{ tickets, accounts, catalogue, slots, clock, random, log, now, dispatcher, journal },
    refusal: () => refusalIn(state),
    stopping: streams.signal,
    health: () => ({
      status: refusalIn(state) === "draining" ? "stopping" : "ok",
      service: "monkey-troop-worker",
      version: packageVersion,
    }),
    status: workerStatus,
  });
  stack.use(server);
  move("ready");
  await heartbeats.beat(loops.signal);

  const running = [
    heartbeats.run(loops.signal),
    catalogue.run(loops.signal),
    outbox.run(loops.signal),
    pruneJournal(journal, now, parts, loops.signal),
  ];
  const stopParts: StopParts = {
    ...{ clock, log, move, server, streams, loops, running, outbox, heartbeats },
    opened: stack.move(),
  };
  let stopped: Promise<void> | undefined;
  return {
    nodeId: node.id,
    url: urlOf(server.address),
    status: workerStatus,
    pause: () => move("pause"),
    resume: () => move("resume"),
    drain: (signal) => drain(stopParts, signal),
    flush: outbox.flush,
    pending: outbox.pending,
    engineOf: (model) => catalogue.offersOf(model)[0]?.engine.type,
    [Symbol.asyncDispose]: () => (stopped ??= stop(stopParts)),
  };
}

interface Outside {
  database: LocalDatabase;
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
    database: stack.use(openLocalDatabase(folder, "worker.db")),
    coordinator: stack.use(
      createCoordinatorClient({ url, clock, random, ...(given ? { dispatcher: given } : {}) }),
    ),
    dispatcher: given ?? stack.adopt(new Agent(), (agent) => agent.destroy()),
  };
}

function pruneJournal(
  journal: Journal,
  now: () => number,
  { clock, random, log }: WorkerParts,
  signal: AbortSignal,
): Promise<void> {
  return startLoop({
    ...{ clock, random, signal, backoff: { firstMs: pruneMs, ceilingMs: pruneMs } },
    round: async () => {
      journal.prune(now() - limits.recordAgeMs);
      return pruneMs;
    },
    onFailure: (error) => log.error({ err: error }, "journal not pruned"),
  }).ended;
}
