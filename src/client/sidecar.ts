/** The client: a local server that answers with other people's GPUs. Everything it is made of is put together here. */
import type { AddressInfo } from "node:net";
import { Agent, type Dispatcher } from "undici";
import type { Clock } from "../base/clock.ts";
import { startLoop } from "../base/loop.ts";
import type { Random } from "../base/random.ts";
import { createCoordinatorClient } from "../host/coordinator-client.ts";
import { lockFolder } from "../host/folder-lock.ts";
import { ensureFolder } from "../host/folders.ts";
import { listenFailure, urlOf } from "../host/listen.ts";
import { openLocalDatabase } from "../host/local-database.ts";
import type { Log } from "../host/log.ts";
import { createOutbox } from "../host/outbox.ts";
import { TroopError } from "../protocol/error-codes.ts";
import type { Signer } from "../protocol/signature.ts";
import { createAcknowledger } from "./acknowledge.ts";
import { createAttempt } from "./attempt.ts";
import { createAuthorize } from "./authorize.ts";
import type { SidecarConfig } from "./config.ts";
import { createConnect } from "./connect.ts";
import { createDispatch } from "./dispatch.ts";
import { createGenerate } from "./generate.ts";
import { createApp } from "./http/app.ts";
import { createExchanges } from "./http/exchange.ts";
import { createNodeFinder } from "./node-finder.ts";
import { createPeers } from "./peers.ts";
import { createRecordsStore } from "./records-store.ts";
import { readStatus, type SidecarStatus } from "./status.ts";
import { createTickets } from "./tickets.ts";

export interface SidecarParts {
  clock: Clock;
  random: Random;
  log: Log;
  /** Pays for the requests. */
  account: Signer;
  /** For tests and simulation: carries calls to the coordinator and to nodes. */
  dispatcher?: Dispatcher;
}

export interface Sidecar extends AsyncDisposable {
  /** Where it listens, without a trailing slash; the API is under `/v1`. */
  readonly url: string;
  /** Makes a model ready to be asked: account, node and ticket. @throws TroopError as a request would get it */
  prepare(model: string): Promise<void>;
  /** Delivers acknowledgements now instead of at the next tick. */
  flush(): void;
  /** Acknowledgements that wait to be delivered. */
  pending(): number;
  status(): SidecarStatus;
}

const connectTimeoutMs = 5_000;
const expireRecordsMs = 3_600_000;
const backoff = { firstMs: 60_000, ceilingMs: expireRecordsMs };

/** @throws TroopError `data_folder_invalid`, `data_folder_locked`, `port_taken`, `configuration_invalid` */
export async function startSidecar(config: SidecarConfig, parts: SidecarParts): Promise<Sidecar> {
  const { clock, random, log, account } = parts;
  await using stack = new AsyncDisposableStack();
  const stop = new AbortController();

  const folder = ensureFolder(config.dataFolder);
  stack.use(lockFolder(folder, "client"));
  const database = stack.use(openLocalDatabase(folder, "client.sqlite"));
  const dispatcher =
    parts.dispatcher ??
    stack.adopt(new Agent({ connect: { timeout: connectTimeoutMs } }), (agent) => agent.destroy());
  const coordinator = stack.use(
    createCoordinatorClient({
      url: config.coordinatorUrl,
      clock,
      random,
      ...(parts.dispatcher ? { dispatcher: parts.dispatcher } : {}),
    }),
  );
  const { time } = coordinator;

  const records = createRecordsStore(database);
  const outbox = createOutbox({
    database,
    coordinator,
    signer: account,
    clock,
    random,
    log,
    path: "/acknowledgements",
    type: "troop-acknowledgement+jwt",
  });
  const acknowledger = createAcknowledger({ database, records, outbox, log });
  const { maxBudget, queueWaitMs } = config;
  const authorize = createAuthorize({ coordinator, account, clock, random, maxBudget });
  const tickets = stack.use(createTickets({ authorize, clock, time, log }));
  const peers = createPeers({ coordinator, account, clock, random, log });
  const finder = createNodeFinder({ peers, tickets, clock, random, log });
  const connect = createConnect(dispatcher);
  const attempt = createAttempt({ connect, records, acknowledger, time, clock, random });
  const dispatch = createDispatch({ finder, tickets, attempt, clock, random, log, queueWaitMs });
  const generate = createGenerate({ dispatch, clock, random });

  const expiry = startLoop({
    clock,
    random,
    signal: stop.signal,
    backoff,
    round: async () => {
      records.expire(time.now());
      return expireRecordsMs;
    },
    onFailure: (error) => log.warn({ err: error }, "old records cannot be dropped"),
  });
  const loops = [outbox.run(stop.signal), peers.run(stop.signal), expiry.ended];
  stack.defer(() => Promise.all(loops).then(() => undefined));

  const exchanges = createExchanges(stop.signal, log);
  const status = { coordinator, account, tickets, peers, outbox };
  const app = await createApp({
    ...status,
    generate,
    dispatch,
    policy: config,
    exchanges,
    clock,
    random,
    log,
  });
  stack.defer(() => app.close());
  stack.defer(() => exchanges.settled());
  // Disposed first: what runs is told to end before anything it needs goes away.
  stack.defer(() => stop.abort(new Error("the sidecar stops")));
  try {
    await app.listen({ ...config.listen, exclusive: true });
  } catch (error) {
    throw listenFailure(error as NodeJS.ErrnoException, config.listen);
  }
  const bound = app.server.address() as AddressInfo;
  const resources = stack.move();
  return {
    url: urlOf({ host: bound.address, port: bound.port }),
    async prepare(model) {
      const found = await finder.find(model, undefined, new Set());
      if (found.kind === "nobody") throw new TroopError("model_not_found");
      const { node } = found;
      await tickets.ready({ model, node, exclude: new Set() }, stop.signal);
    },
    flush: () => outbox.flush(),
    pending: () => outbox.pending(),
    status: () => readStatus(status),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
