/**
 * The sidecar without its doors: tickets, routing, attempts and acknowledgements, between the coordinator and the way
 * to the nodes. It opens neither sockets nor files, so that a simulation can run it as it is.
 */
import type { Clock } from "../base/clock.ts";
import { startLoop } from "../base/loop.ts";
import type { Random } from "../base/random.ts";
import type { CoordinatorClient } from "../host/coordinator-client.ts";
import type { LocalDatabase } from "../host/local-database.ts";
import type { Log } from "../host/log.ts";
import { createOutbox, type Outbox } from "../host/outbox.ts";
import { type Signer, type Verifier, verifier } from "../protocol/signature.ts";
import { createAcknowledger } from "./lines/acknowledge.ts";
import { createAttempt } from "./call/attempt.ts";
import { createAuthorize } from "./tickets/authorize.ts";
import type { SidecarConfig } from "./config.ts";
import type { Connect } from "./call/connect.ts";
import { createDispatch, type Dispatch } from "./course/dispatch.ts";
import { createNodeFinder, type NodeFinder } from "./routing/node-finder.ts";
import { createPeers, type Peers } from "./peers.ts";
import { createProbeNode } from "./ping.ts";
import { runReconciliation } from "./lines/reconcile.ts";
import { createRecordsStore } from "./lines/records-store.ts";
import { createPinsStore } from "./sealing/pins-store.ts";
import { createSealings } from "./sealing/sealings.ts";
import { createKeysStore, type KeysStore } from "./spending/keys-store.ts";
import { createSpendingStore } from "./spending/spending-store.ts";
import { createSpending, type Spending } from "./spending/spending.ts";
import { createTickets, type Tickets } from "./tickets/tickets.ts";

export interface ClientCoreParts {
  config: Pick<SidecarConfig, "maxBudget" | "queueWaitMs" | "policy" | "caps">;
  clock: Clock;
  random: Random;
  log: Log;
  account: Signer;
  /** Where the key was linked to the account rather than being its first. */
  accountId?: string;
  database: LocalDatabase;
  coordinator: CoordinatorClient;
  connect: Connect;
  /** Where `troop` keeps its files, if it must be told. */
  home?: string;
  /** In simulation one of its own. */
  verifier?: Verifier;
}

export interface ClientCore extends Disposable {
  readonly outbox: Outbox;
  readonly tickets: Tickets;
  readonly peers: Peers;
  readonly finder: NodeFinder;
  readonly keys: KeysStore;
  readonly spending: Spending;
  readonly dispatch: Dispatch;
  /** Its loops, each until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>[];
}

const expireRecordsMs = 3_600_000;
const backoff = { firstMs: 60_000, ceilingMs: expireRecordsMs };

export function createClientCore(parts: ClientCoreParts): ClientCore {
  const { clock, random, log, account, database, coordinator, connect } = parts;
  const { maxBudget, queueWaitMs, policy, caps } = parts.config;
  const { time } = coordinator;
  const records = createRecordsStore(database);
  const outbox = createOutbox({
    ...{ database, coordinator, clock, random, log, signer: account },
    ...{ path: "/acknowledgements", type: "troop-acknowledgement+jwt" },
  });
  const acknowledger = createAcknowledger({ database, records, outbox, log });
  const sealings = createSealings({
    ...{ verifier: parts.verifier ?? verifier, pins: createPinsStore(database), policy },
    ...{ audience: coordinator.url, now: () => time.now(), random, home: parts.home },
  });
  const authorize = createAuthorize({ coordinator, account, sealings, clock, random, maxBudget });
  const tickets = createTickets({ authorize, clock, time, log });
  const peers = createPeers({ coordinator, account, clock, random, log, policy });
  const finder = createNodeFinder({
    ...{ peers, tickets, policy, clock, random, log },
    probe: createProbeNode({ tickets, connect, clock }),
    account: parts.accountId ?? account.id,
  });
  const attempt = createAttempt({ connect, records, acknowledger, time, sealings, clock });
  const keys = createKeysStore(database);
  const spending = createSpending({ store: createSpendingStore(database), keys, caps, clock });
  const expire = (signal: AbortSignal) =>
    startLoop({
      ...{ clock, random, signal, backoff },
      round: async () => {
        records.expire(time.now());
        spending.prune();
        return expireRecordsMs;
      },
      onFailure: (error) => log.warn({ err: error }, "old records cannot be dropped"),
    }).ended;
  return {
    outbox,
    tickets,
    peers,
    finder,
    keys,
    spending,
    dispatch: createDispatch({
      peers,
      finder,
      tickets,
      spending,
      attempt,
      clock,
      random,
      log,
      queueWaitMs,
    }),
    run: (signal) => [
      // First, because it begins with a write: where that fails, nothing else has been started.
      runReconciliation(
        { database, records, spending, outbox, coordinator, account, clock, random, log },
        signal,
      ),
      outbox.run(signal),
      peers.run(signal),
      expire(signal),
    ],
    [Symbol.dispose]() {
      finder[Symbol.dispose]();
      tickets[Symbol.dispose]();
    },
  };
}
