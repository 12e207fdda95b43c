/** The client: a local server that answers with other people's GPUs. Everything it is made of is put together here. */
import { lookup } from "node:dns/promises";
import type { AddressInfo } from "node:net";
import { Agent, type Dispatcher } from "undici";
import { type Clock, deadline } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { createCoordinatorClient } from "../host/coordinator-client.ts";
import { lockFolder } from "../host/folder-lock.ts";
import { ensureFolder } from "../host/folders.ts";
import { listenFailure, urlOf } from "../host/listen.ts";
import { openLocalDatabase } from "../host/local-database.ts";
import type { Log } from "../host/log.ts";
import { createMetrics, type Metrics } from "../host/observe/metrics.ts";
import { measureOutbox } from "../host/observe/outbox-metrics.ts";
import type { Tracer } from "../host/observe/tracing.ts";
import { type Mesh, noMesh } from "../host/mesh/mesh.ts";
import { ownNetworks } from "../host/own-networks.ts";
import { TroopError } from "../protocol/error-codes.ts";
import type { Signer } from "../protocol/signature.ts";
import type { SidecarConfig } from "./config.ts";
import { createConnect } from "./call/connect.ts";
import { createClientCore } from "./core.ts";
import { createGenerate } from "./generate.ts";
import { createApp } from "./http/app.ts";
import { createExchanges } from "./http/exchange.ts";
import { createUnixSocket } from "./http/unix-socket.ts";
import { createFetchImage, type FetchImageParts } from "./images/fetch-image.ts";
import { isPublicAddress } from "./images/public-address.ts";
import { createPathFinder } from "./paths/find-path.ts";
import { createPathsTo } from "./paths/path.ts";
import { probe } from "./paths/probe.ts";
import { noPreferences } from "./routing/preferences.ts";
import { noPrompt } from "./routing/prefixes.ts";
import { createRoutedRequest } from "./routing/routed-request.ts";
import { createReadRequest } from "./read-request.ts";
import { createResponses } from "./responses/responses.ts";
import { createConnections } from "./responses/socket/connections.ts";
import { readStatus, type SidecarStatus } from "./status.ts";

export interface SidecarParts {
  clock: Clock;
  random: Random;
  log: Log;
  /** Undefined where nothing is traced. */
  tracer?: Tracer | undefined;
  /** Pays for the requests. */
  account: Signer;
  /** Where the key was linked to the account rather than being its first. */
  accountId?: string;
  /** What is known of the mesh now; absent: nothing. */
  mesh?: () => Mesh;
  /** Where `troop` keeps its files, if it must be told: for commands that people are to type. */
  home?: string;
  /** For tests and simulation: carries calls to the coordinator and to nodes. */
  dispatcher?: Dispatcher;
  /** For tests: where images may be fetched from. */
  images?: Pick<FetchImageParts, "resolve" | "isAllowed">;
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
  readonly metrics: Metrics;
}

const publicImages: Pick<FetchImageParts, "resolve" | "isAllowed"> = {
  resolve: (name) => lookup(name, { all: true }),
  isAllowed: (address) => isPublicAddress(address, ownNetworks()),
};

const connectTimeoutMs = 5_000;

/** For a ticket ahead of any request. */
const anyNode = {
  ...{ exclude: new Set<string>(), preferences: noPreferences },
  ...{ prompt: noPrompt, answerTokens: 0 },
  requirements: { capabilities: [], contextTokens: 0 },
};

/** Whoever stops the sidecar does not wait longer for the coordinator; the rest is delivered at the next start. */
const farewellMs = 3_000;

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
  const paths = createPathFinder({ clock, random, probe });
  const pathsTo = createPathsTo(() => ({
    coordinatorUrl: config.coordinatorUrl,
    networks: ownNetworks(),
  }));
  const core = stack.use(
    createClientCore({
      ...{ config, clock, random, log, account, database, coordinator },
      ...(parts.home === undefined ? {} : { home: parts.home }),
      ...(parts.accountId === undefined ? {} : { accountId: parts.accountId }),
      connect: createConnect({ clock, dispatcher, probe, pathsTo, paths }),
    }),
  );
  const { outbox, tickets, peers, finder, dispatch, keys, spending } = core;
  const generate = createGenerate({ dispatch, clock, random });
  stack.defer(async () => {
    using timer = deadline(clock, farewellMs, new TroopError("timeout"));
    await outbox
      .deliver(timer.signal)
      .catch((error: unknown) =>
        log.warn({ err: error }, "acknowledgements wait for the next start"),
      );
  });
  const loops = core.run(stop.signal);
  stack.defer(() => Promise.all(loops).then(() => undefined));

  const readRequest = createRoutedRequest({
    ...{ finder, peers, ...config.routing },
    readRequest: createReadRequest({
      fetchImage: createFetchImage({ clock, ...(parts.images ?? publicImages) }),
    }),
  });
  const responses = stack.use(
    createResponses({
      folder: config.keepsResponses ? folder : undefined,
      ...{ generate, readRequest, clock, random, log, stop: stop.signal },
    }),
  );
  const { prepare } = responses;
  const { tracer } = parts;
  const metrics = createMetrics(clock);
  measureOutbox(metrics, outbox);
  const webSockets = createConnections({
    ...{ prepare, generate, clock, log, tracer },
    stop: stop.signal,
  });
  const exchanges = createExchanges(stop.signal, log);
  const accountId = parts.accountId ?? account.id;
  const { mesh = () => noMesh } = parts;
  const status = { coordinator, account, accountId, tickets, paths, peers, outbox, mesh, spending };
  const app = await createApp({
    ...status,
    generate,
    readRequest,
    responses,
    webSockets,
    dispatch,
    policy: { ...config, nameOf: keys.nameOf },
    modelLists: config.routing.modelLists,
    exchanges,
    clock,
    random,
    log,
    metrics,
    tracer,
  });
  const socket =
    config.socket === undefined ? undefined : createUnixSocket(config.socket, app, config);
  stack.defer(() => app.close());
  if (socket) stack.use(socket);
  stack.defer(() => Promise.all([exchanges.settled(), webSockets.settled()]).then(() => undefined));
  // Disposed first: what runs is told to end before anything it needs goes away.
  stack.defer(() => stop.abort(new Error("the sidecar stops")));
  try {
    await app.listen({ ...config.listen, exclusive: true });
  } catch (error) {
    throw listenFailure(error as NodeJS.ErrnoException, config.listen);
  }
  await socket?.listen();
  const bound = app.server.address() as AddressInfo;
  const resources = stack.move();
  return {
    url: urlOf({ host: bound.address, port: bound.port }),
    async prepare(model) {
      const found = await finder.find({ model, ...anyNode });
      if (found.kind === "nobody") throw peers.notOffered(model);
      const { node } = found;
      await tickets.ready({ model, node, exclude: new Set() }, stop.signal);
    },
    flush: () => outbox.flush(),
    pending: () => outbox.pending(),
    status: () => readStatus(status),
    metrics,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
