/**
 * Coordinator, worker and client as processes of their own, each with its own folder, lender and borrower apart, on
 * PostgreSQL. The scripted engine runs in the test. Each process can be killed and started again where it was.
 */
import { join } from "node:path";
import { createLog } from "../../src/host/log.ts";
import { type Database, openDatabase } from "../../src/coordinator/database.ts";
import { createLedger, type Ledger } from "../../src/coordinator/ledger/ledger.ts";
import { createSqlStore } from "../../src/coordinator/ledger/sql-store.ts";
import { freePort } from "../../tools/services/ready.ts";
import { type FakeEngine, startFakeEngine } from "./fake-engine/fake-engine.ts";
import type { Script } from "./fake-engine/script.ts";
import { createFolder, type Exit, lastObject, type Running, startTroop } from "./processes.ts";
import { createDatabase } from "./services.ts";

export type Role = "coordinator" | "worker" | "client";

export interface SeparateNetwork extends AsyncDisposable {
  engine: FakeEngine;
  coordinatorUrl: string;
  databaseUrl: string;
  /** Of the local API, without `/v1`. */
  clientUrl: string;
  workerUrl: string;
  requester: string;
  provider: string;
  /** Its `--data`. */
  folderOf(role: Role): string;
  /** SIGKILL, or another signal; resolves when the process is gone. */
  kill(role: Role, signal?: NodeJS.Signals): Promise<Exit>;
  /** Resolves once it has printed or logged a line that matches. */
  said(role: Role, pattern: RegExp): Promise<unknown>;
  /** Starts it on the same folder and port, and resolves when it is ready. */
  start(role: Role): Promise<void>;
  /** The books, read from the database past the coordinator. */
  books: Ledger;
}

/** @param reach the URL by which the coordinator gets to its database; without it straight */
export async function startSeparateNetwork(
  script: Script,
  reach: (databaseUrl: string) => Promise<string> = async (url) => url,
): Promise<SeparateNetwork> {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await createDatabase());
  const folder = stack.use(await createFolder());
  const reached = await reach(store.url);
  const engine = stack.use(await startFakeEngine({ script }));
  const ports = {
    coordinator: await freePort(),
    worker: await freePort(),
    client: await freePort(),
  };
  const coordinatorUrl = `http://127.0.0.1:${ports.coordinator}`;
  const coordinator = ["--coordinator", coordinatorUrl];
  const words: Record<Role, string[]> = {
    coordinator: ["coordinator"],
    worker: ["worker", ...coordinator, "--engine", engine.origin],
    client: ["up", ...coordinator],
  };
  const running = new Map<Role, Running>();
  stack.defer(async () => {
    await Promise.all([...running.values()].map((program) => program.end()));
  });

  const folderOf = (role: Role) => join(folder.path, role);

  async function start(role: Role): Promise<{ account_id: string }> {
    const data = folderOf(role);
    const program = startTroop(
      [...words[role], "--json", "--data", data, "--port", String(ports[role])],
      {
        environment: {
          ...{ DATABASE_URL: reached, LOG_LEVEL: "warn" },
          // The usual port may be taken here, and then it is done without.
          OPERATOR_LISTEN: "127.0.0.1:0",
        },
      },
    );
    running.set(role, program);
    // Log lines are objects too, but not of this kind.
    await program.line(/^\{"(url|node_id)":.*\n/m);
    return lastObject(program) as { account_id: string };
  }

  await start("coordinator");
  const { account_id: provider } = await start("worker");
  const { account_id: requester } = await start("client");
  const database = stack.adopt(await connect(store.url), (opened) => opened.destroy());
  const parts = stack.move();
  return {
    engine,
    ...{ requester, provider, folderOf, coordinatorUrl },
    databaseUrl: store.url,
    clientUrl: `http://127.0.0.1:${ports.client}`,
    workerUrl: `http://127.0.0.1:${ports.worker}`,
    kill: (role, signal = "SIGKILL") => running.get(role)!.end(signal),
    said: (role, pattern) => running.get(role)!.line(pattern),
    async start(role) {
      await start(role);
    },
    books: createLedger({ store: createSqlStore(database), starterCredits: 0n, faucetDaily: 0n }),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

const connect = (url: string): Promise<Database> =>
  openDatabase({ url, folder: undefined, poolSize: 2 }, createLog("silent"));
