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
import { packageVersion } from "../host/package.ts";
import type { Signer } from "../protocol/signature.ts";
import type { WorkerConfig } from "./config.ts";
import { createWorkerCore } from "./core.ts";
import type { Engine } from "./engines/engine.ts";
import { readHardware } from "./hardware.ts";
import { refusalIn } from "./lifecycle.ts";
import { listenCandidates, ownAddresses } from "./listen-address.ts";
import { serveAtFirstFree } from "./proxy/serve.ts";
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
  /** Where the owner's key was linked to the account rather than being its first. */
  accountId?: string;
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

/**
 * Starts, enrols where needed, and is listed when it resolves.
 * @throws TroopError `configuration_invalid`, `data_folder_invalid`, `data_folder_locked`, `port_taken`,
 *   `coordinator_unreachable`, or the coordinator's refusal
 */
export async function startWorker(config: WorkerConfig, parts: WorkerParts): Promise<Worker> {
  const { clock, random, log, node, owner } = parts;
  const candidates = listenCandidates(config.coordinatorUrl, config.listen, ownAddresses());
  await using stack = new AsyncDisposableStack();
  const outside = openOutside(config, parts, stack);
  const { coordinator } = outside;
  const streams = new AbortController();
  const core = createWorkerCore(
    {
      ...{ ...parts, ...outside, config, hardware: readHardware() },
      address: () => server.address,
      fetchKeys: (signal) => fetchTicketKeys(coordinator, signal),
    },
    streams.signal,
  );
  const { catalogue, heartbeats, move, outbox, recovered, slots } = core;
  if (recovered > 0) log.warn({ requests: recovered }, "requests lost when last stopped");

  const loops = new AbortController();
  const workerStatus = (): WorkerStatus => ({
    ...{
      node_id: node.id,
      owner: parts.accountId ?? owner.id,
      status: core.status(),
      multiplier: core.multiplier(),
    },
    slots: { active: slots.active, total: slots.total },
    ...{ url: urlOf(server.address), coordinator: config.coordinatorUrl, version: packageVersion },
    models: catalogue.models().map(({ name }) => name),
    engines: catalogue.described(),
    receipts_waiting: outbox.pending(),
  });
  await core.prepare(loops.signal);
  const server = await serveAtFirstFree(candidates, {
    ...{ infer: core.infer, clock, random, log, status: workerStatus },
    health: () => ({
      status: refusalIn(core.state) === "draining" ? "stopping" : "ok",
      service: "monkey-troop-worker",
      version: packageVersion,
    }),
  });
  stack.use(server);
  move("ready");
  await heartbeats.beat(loops.signal);

  const running = core.run(loops.signal);
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
    database: stack.use(openLocalDatabase(folder, "worker.sqlite")),
    coordinator: stack.use(
      createCoordinatorClient({ url, clock, random, ...(given ? { dispatcher: given } : {}) }),
    ),
    dispatcher: given ?? stack.adopt(new Agent(), (agent) => agent.destroy()),
  };
}
