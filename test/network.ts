/**
 * A whole network in one process: coordinator, workers and sidecars on loopback, a scripted engine behind each
 * worker, and one clock that stands still until a test moves it. Everything in between is the real thing.
 */
import { exportJWK, generateKeyPair } from "jose";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemRandom } from "../src/base/random.ts";
import { readSidecarConfig, type SidecarConfig } from "../src/client/config.ts";
import { type Sidecar, startSidecar } from "../src/client/sidecar.ts";
import { readCoordinatorConfig } from "../src/coordinator/config.ts";
import { type Coordinator, startCoordinator } from "../src/coordinator/coordinator.ts";
import type { RampSettings } from "../src/coordinator/verification/ramp.ts";
import { type CoordinatorClient, createCoordinatorClient } from "../src/host/coordinator-client.ts";
import type { Environment } from "../src/host/env.ts";
import { createLog, type Log } from "../src/host/log.ts";
import type { Tracer } from "../src/host/observe/tracing.ts";
import { balanceAnswer, type HistoryEntry, transactionsAnswer } from "../src/protocol/endpoints.ts";
import { limits } from "../src/protocol/limits.ts";
import { createSigner, type PublicJwk, type Signer } from "../src/protocol/signature.ts";
import type { z } from "zod";
import { readWorkerConfig, type WorkerOverrides } from "../src/worker/config.ts";
import type { Engine } from "../src/worker/engines/engine.ts";
import { startWorker, type Worker, type WorkerParts } from "../src/worker/worker.ts";
import { freePort } from "../tools/services/ready.ts";
import { createFakeClock, type FakeClock } from "./support/fake-clock.ts";
import { type FakeEngine, startFakeEngine } from "./support/fake-engine/fake-engine.ts";
import type { Script } from "./support/fake-engine/script.ts";
import { createDatabase } from "./support/services.ts";

export interface NetworkOptions {
  script?: Script;
  /** Instead of the scripted engine. */
  engines?: Engine[];
  /** PGlite in a folder; by default a PostgreSQL database of the network's own, which starts ten times as fast. */
  isEmbedded?: boolean;
  /** Redis instead of memory. */
  redisUrl?: string;
  /** Web pages that may use the sidecar. */
  allowedOrigins?: string[];
  /** The requester's own node: one account on both sides. */
  isOwnNode?: boolean;
  /** Workers are connected to the coordinator's relay, beside the port that they listen on. */
  relay?: boolean;
  /** Stands between the coordinator and everybody else, who know it under this one's URL. */
  between?: Between;
  /** What everybody logs. */
  log?: Log;
  /** Who traces, and by what. */
  tracers?: Partial<Record<"coordinator" | "worker" | "client", Tracer | undefined>>;
  /** How large the coordinator's tasks for proofs are. Workers without a `startProver` prove nothing. */
  proofs?: RampSettings;
  /** The client's own settings. */
  client?: Partial<Pick<SidecarConfig, "caps" | "policy" | "queueWaitMs">>;
  /** The coordinator's, as its environment says them. */
  coordinator?: Environment;
  /** The coordinator has only just started; else it has been up for long enough to know all nodes. */
  isFresh?: boolean;
  /** Requests that the scripted engine takes at once. */
  slots?: number;
}

export interface Between {
  readonly url: string;
  /** Where the coordinator itself listens. */
  aim(coordinatorUrl: string): void;
}

/** What one worker has of its own. */
export interface OwnParts extends Partial<
  Pick<WorkerParts, "engines" | "dispatcher" | "senses" | "startProver">
> {
  config?: WorkerOverrides;
  /** Made anew by default. */
  node?: Signer;
}

export interface Lender {
  worker: Worker;
  node: Signer;
}

export interface Network extends AsyncDisposable {
  clock: FakeClock;
  coordinator: Coordinator;
  worker: Worker;
  sidecar: Sidecar;
  engine: FakeEngine;
  requester: Signer;
  provider: Signer;
  node: Signer;
  /** One more node behind the same coordinator, with the same engine unless others are given. */
  addWorker(owner: Signer, own?: OwnParts): Promise<Lender>;
  /** Everything that is kept on disk, but for PostgreSQL. */
  folder: string;
  /** Of PostgreSQL; undefined where the database is embedded. */
  databaseUrl: string | undefined;
  /** For calls with anybody's proof. */
  calls: CoordinatorClient;
  /** Posted credits of an account. */
  posted(account: Signer): Promise<string>;
  history(account: Signer): Promise<HistoryEntry[]>;
  /** Lets requests end and both outboxes deliver, and resolves when nothing waits. */
  settle(...others: readonly Lender[]): Promise<void>;
}

export async function makeSigner(): Promise<Signer> {
  const { privateKey } = await generateKeyPair("Ed25519", { extractable: true });
  return createSigner((await exportJWK(privateKey)) as PublicJwk & { d: string });
}

const listen = { host: "127.0.0.1", port: 0 };

export async function startNetwork(options: NetworkOptions = {}): Promise<Network> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "troop-network-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const clock = createFakeClock();
  const parts = { clock, random: systemRandom, log: options.log ?? createLog("silent") };
  const { script, slots, tracers = {} } = options;
  const engine = stack.use(
    await startFakeEngine({ ...(script && { script }), ...(slots !== undefined && { slots }) }),
  );
  const requester = await makeSigner();
  const provider = options.isOwnNode ? requester : await makeSigner();

  const databaseUrl = options.isEmbedded ? undefined : stack.use(await createDatabase()).url;
  const { redisUrl, between } = options;
  // Behind another's URL its own port is not told.
  const port = between ? await freePort() : 0;
  between?.aim(`http://127.0.0.1:${port}`);
  const coordinator = stack.use(
    await startCoordinator(
      readCoordinatorConfig(
        { OPERATOR_LISTEN: "off", ...options.coordinator },
        {
          ...{ listen: { ...listen, port }, dataFolder: join(folder, "coordinator") },
          ...{ databaseUrl, redisUrl, publicUrl: between?.url, proofs: options.proofs },
        },
      ),
      { ...parts, tracer: tracers.coordinator },
    ),
  );
  if (!options.isFresh) await clock.advance(limits.heartbeatMs * limits.heartbeatsPerLease);
  const coordinatorUrl = coordinator.url;
  const relays = options.relay ? [coordinatorUrl] : [];
  // Workers that come later end with the first, before the coordinator.
  const lenders = stack.use(new AsyncDisposableStack());
  const addWorker = async (owner: Signer, own: OwnParts = {}): Promise<Lender> => {
    const { config: overrides, node = await makeSigner(), ...ownParts } = own;
    const dataFolder = join(folder, `worker-${node.id}`);
    const config = readWorkerConfig(
      {},
      { coordinatorUrl, dataFolder, listen, relays, ...overrides },
    );
    const engines = options.engines ?? [engine.engine];
    const worker = await startWorker(config, {
      ...{ ...parts, tracer: tracers.worker, engines, ...ownParts, node, owner },
    });
    lenders.use(worker);
    return { worker, node };
  };
  const { worker, node } = await addWorker(provider);
  const sidecar = stack.use(
    await startSidecar(
      readSidecarConfig(
        {},
        {
          ...{ coordinatorUrl, dataFolder: join(folder, "client"), listen },
          ...{ allowedOrigins: options.allowedOrigins, ...options.client },
        },
      ),
      { ...parts, tracer: tracers.client, account: requester, home: folder },
    ),
  );
  const calls = stack.use(createCoordinatorClient({ url: coordinatorUrl, ...parts }));
  const read = <Answer>(account: Signer, what: string, answer: z.ZodType<Answer>) =>
    calls.call({ method: "GET", path: `/users/${account.id}/${what}`, answer, signer: account });

  const all = stack.move();
  return {
    ...{ clock, coordinator, worker, sidecar, engine, requester, provider, node, calls },
    ...{ addWorker, folder, databaseUrl },
    posted: async (account) => (await read(account, "balance", balanceAnswer)).balance,
    history: async (account) =>
      (await read(account, "transactions", transactionsAnswer)).transactions,
    async settle(...others) {
      const workers = [worker, ...others.map((lender) => lender.worker)];
      const isBusy = () =>
        sidecar.pending() > 0 ||
        workers.some((one) => one.status().slots.active + one.pending() > 0);
      while (isBusy()) {
        for (const one of [...workers, sidecar]) one.flush();
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
