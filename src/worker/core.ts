/**
 * The worker without its doors: what it does between the engines, the coordinator and whatever carries requests to
 * it. It opens neither sockets nor files, so that a simulation can run it as it is.
 */
import type { Dispatcher } from "undici";
import type { Clock } from "../base/clock.ts";
import { startLoop } from "../base/loop.ts";
import type { Random } from "../base/random.ts";
import type { CoordinatorClient } from "../host/coordinator-client.ts";
import type { ListenAddress } from "../host/listen.ts";
import type { LocalDatabase } from "../host/local-database.ts";
import type { Log } from "../host/log.ts";
import type { Tracer } from "../host/observe/tracing.ts";
import { createOutbox, type Outbox, type OutboxParts } from "../host/outbox.ts";
import { packageVersion } from "../host/package.ts";
import { limits } from "../protocol/limits.ts";
import type { HeartbeatAnswer, NodeSnapshot, NodeStatus } from "../protocol/node.ts";
import type { Signer } from "../protocol/signature.ts";
import type { TicketKeys } from "../protocol/ticket.ts";
import type { NodeView } from "./beat.ts";
import { type Catalogue, type CatalogueParts, createCatalogue } from "./catalogue.ts";
import { runCloses } from "./closes.ts";
import type { WorkerConfig } from "./config.ts";
import type { Engine } from "./engines/engine.ts";
import { enrol } from "./enrol.ts";
import { type Guests, openToAll } from "./guests/guests.ts";
import { createHeartbeats, type Heartbeats } from "./heartbeat.ts";
import { createHoldAccounts } from "./hold-accounts.ts";
import { createMakeRoom } from "./idle/make-room.ts";
import type { Owner, PresenceStatus } from "./idle/owner.ts";
import type { Senses } from "./idle/senses.ts";
import { createJournal } from "./journal.ts";
import { nextState, refusalIn, statusOf, type WorkerEvent, type WorkerState } from "./lifecycle.ts";
import { announcedHosts } from "./listen-address.ts";
import type { StartProver } from "./proof/start-prover.ts";
import { createProving, type ProofStatus } from "./proof/proving.ts";
import { createCacheSalts } from "./proxy/cache-salt.ts";
import { createInfer, type Infer } from "./proxy/infer.ts";
import { createTickets } from "./proxy/tickets.ts";
import { createSealingKeys } from "./sealing/keys.ts";
import { createSessions } from "./sealing/sessions.ts";
import { createSlots, type Slots } from "./slots.ts";

export interface WorkerCoreParts {
  config: Pick<WorkerConfig, "coordinatorUrl" | "heartbeatMs" | "modelRefreshMs" | "slots"> &
    Partial<Pick<WorkerConfig, "engines" | "idle" | "guests" | "provers">>;
  clock: Clock;
  random: Random;
  log: Log;
  /** Undefined where nothing is traced. */
  tracer?: Tracer | undefined;
  engines: readonly Engine[];
  /** Engines that were started since. */
  discover?: CatalogueParts["discover"];
  node: Signer;
  owner: Signer;
  database: LocalDatabase;
  coordinator: CoordinatorClient;
  /** Towards the engines. */
  dispatcher: Dispatcher;
  hardware: NodeSnapshot["hardware"];
  /** Where it can be reached; asked for once it serves. */
  address: () => ListenAddress;
  /** Relays through which it can be reached now. */
  relays?: () => string[];
  fetchKeys: (signal: AbortSignal) => Promise<TicketKeys>;
  startProver?: StartProver;
  /** By which the owner is noticed; without them only their word counts. */
  senses?: Senses | undefined;
  /** The owner came or went. */
  onPresence?: ((status: PresenceStatus) => void) | undefined;
  /** Without it everybody is let in. */
  guests?: Pick<Guests, "check" | "served">;
  /** Hears what the coordinator said of receipts. */
  onAnswered?: OutboxParts["onAnswered"];
}

export interface WorkerCore {
  /** How many requests of a former process were accounted for: it had died while they ran. */
  readonly recovered: number;
  readonly infer: Infer;
  readonly outbox: Outbox;
  readonly catalogue: Catalogue;
  readonly heartbeats: Heartbeats;
  readonly slots: Pick<Slots, "active" | "total">;
  readonly state: WorkerState;
  readonly presence: Pick<Owner, "isPresent" | "status">;
  status(): NodeStatus;
  multiplier(): string;
  proof(): ProofStatus;
  move(event: WorkerEvent): void;
  /** Learns the coordinator's keys and the engines' models and makes its own, so that the first beat can keep what it says. */
  prepare(signal: AbortSignal): Promise<void>;
  /** Its loops, each until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>[];
}

const pruneMs = 3_600_000;

/** @param stopping aborts when what still runs must end */
export function createWorkerCore(parts: WorkerCoreParts, stopping: AbortSignal): WorkerCore {
  const { config, clock, random, log, node, owner, database, coordinator, dispatcher } = parts;
  const now = () => coordinator.time.now();
  const outbox = createOutbox({
    ...{ database, coordinator, clock, random, log, signer: node },
    ...{ path: "/receipts", type: "troop-receipt+jwt", onAnswered: parts.onAnswered },
  });
  const journal = createJournal({ database, outbox });
  const recovered = journal.recover();

  let state: WorkerState = "starting";
  let multiplier = "0.0500";
  let keySet: string | undefined;
  const tickets = createTickets({ issuer: config.coordinatorUrl, node: node.id, now });
  const accounts = createHoldAccounts(journal);
  const sealingKeys = createSealingKeys({
    ...{ node, owner, audience: config.coordinatorUrl, clock, now, random, log },
    onChange: () => heartbeats.changed(),
  });
  const sessions = createSessions({ keys: sealingKeys, node: node.id, random, now });
  const catalogue = createCatalogue({
    ...{ engines: parts.engines, discover: parts.discover, policy: config.engines?.policy },
    ...{ clock, random, log, refreshMs: config.modelRefreshMs },
    bytesMost: config.idle?.modelBytesMost,
    onChange() {
      room.review(catalogue.offersOf);
      heartbeats.changed();
    },
  });
  const slots = createSlots({
    engines: catalogue.engines,
    configured: config.slots,
    perRequester: config.guests?.streamsMost,
    onChange() {
      room.loadChanged();
      heartbeats.loadChanged();
      proving.review();
    },
  });
  const room = createMakeRoom({
    ...{ settings: config.idle, senses: parts.senses, clock, random, log, dispatcher },
    ...{ catalogue, slots, isPaused: () => state === "paused" },
    onPresence(status) {
      heartbeats.changed();
      proving.review();
      parts.onPresence?.(status);
    },
  });
  const { owner: presence } = room;
  const status = () => statusOf(state, slots.hasFree && !presence.isPresent);
  const view = (): NodeView => {
    const address = parts.address();
    const keyStatement = sealingKeys.statement();
    const relays = parts.relays?.() ?? [];
    return {
      status: status(),
      slots: { active: slots.active, total: slots.total },
      running: accounts.running().slice(0, limits.runningHoldsPerNode),
      filled: proving.filled(),
      snapshot: {
        ...{
          port: address.port,
          hosts: announcedHosts(address, config.coordinatorUrl),
          hardware: parts.hardware,
        },
        ...{ engines: catalogue.described(), models: catalogue.models(), version: packageVersion },
        ...(keyStatement === undefined ? {} : { key_statement: keyStatement }),
        ...(relays.length > 0 ? { relays } : {}),
      },
    };
  };
  const onAnswer = async (answer: HeartbeatAnswer, signal: AbortSignal) => {
    tickets.revoke(answer.revoked);
    multiplier = answer.multiplier;
    proving.heed(answer.challenge);
    if (answer.key_set === keySet) return;
    tickets.useKeys(await parts.fetchKeys(signal));
    keySet = answer.key_set;
  };
  const heartbeats = createHeartbeats({
    ...{ coordinator, node, clock, random, log, view, status, onAnswer },
    intervalMs: config.heartbeatMs,
    enrol: (signal) => enrol(coordinator, node, owner, signal),
  });
  const move = (event: WorkerEvent) => {
    const before = state;
    state = nextState(state, event);
    if (state === before) return;
    room.needChanged();
    heartbeats.changed();
    proving.review();
  };
  const proving = createProving({
    ...{ coordinator, node, clock, random, log, move, startProver: parts.startProver },
    ...{ provers: config.provers ?? [], state: () => state, active: () => slots.active },
    ...{ isOwnerPresent: () => presence.isPresent, beat: heartbeats.changed },
    emptyMemory: room.empty,
  });
  const prune = (signal: AbortSignal) =>
    startLoop({
      ...{ clock, random, signal, backoff: { firstMs: pruneMs, ceilingMs: pruneMs } },
      round: async () => {
        journal.prune(now() - limits.recordAgeMs);
        return pruneMs;
      },
      onFailure: (error) => log.error({ err: error }, "journal not pruned"),
    }).ended;

  return {
    recovered,
    infer: createInfer({
      ...{ tickets, sessions, accounts, catalogue, slots, clock, log, now, dispatcher, journal },
      ...{ stopping, room, guests: parts.guests ?? openToAll, saltOf: createCacheSalts(random) },
      tracer: parts.tracer,
      refusal: () => refusalIn(state) ?? (presence.isPresent ? "owner_busy" : undefined),
    }),
    outbox,
    catalogue,
    heartbeats,
    slots,
    get state() {
      return state;
    },
    status,
    presence,
    multiplier: () => multiplier,
    proof: proving.status,
    move,
    async prepare(signal) {
      tickets.useKeys(await parts.fetchKeys(signal));
      await Promise.all([catalogue.refresh(signal), sealingKeys.refresh()]);
    },
    run: (signal) => [
      heartbeats.run(signal),
      catalogue.run(signal),
      outbox.run(signal),
      sealingKeys.run(signal),
      room.run(signal),
      proving.run(signal),
      runCloses({ journal, accounts, coordinator, node, clock, random, log }, signal),
      prune(signal),
    ],
  };
}
