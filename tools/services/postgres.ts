/** A private PostgreSQL: a fresh cluster in a temporary folder, on a free loopback port, gone when disposed. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { startKeptServer, type RunningService } from "./kept-server.ts";
import { pathOf, programs } from "./programs.ts";
import { freePort, loopback, untilReady } from "./ready.ts";
import { giveTo, stepDownFor, type Owner } from "./step-down.ts";

export interface PostgresOptions {
  /** Commits survive SIGKILL of the server. Off by default: several times slower, and most tests kill nothing. */
  durable: boolean;
}

// TCP only: a socket's path must fit in 107 bytes, which a long TMPDIR exceeds. Refused statements, of which
// tests make many, are not logged.
const settings = [
  `listen_addresses=${loopback}`,
  "unix_socket_directories=",
  "max_connections=200",
  "log_min_messages=fatal",
];
const volatileSettings = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];

export async function startPostgres({ durable }: PostgresOptions): Promise<RunningService> {
  const postgres = pathOf(programs.postgres);
  const owner = stepDownFor(postgres);
  // Not in root's TMPDIR, which may be closed to the user who is to work there.
  const folder = await mkdtemp(join(owner ? "/tmp" : tmpdir(), "monkey-troop-postgres-"));
  giveTo(owner, folder);
  try {
    await createCluster(join(dirname(postgres), "initdb"), folder, { durable }, owner);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  const port = await freePort();
  const chosen = durable ? settings : [...settings, ...volatileSettings];
  const options = chosen.flatMap((setting) => ["-c", setting]);
  const server = startKeptServer({
    command: [...(owner?.prefix ?? []), postgres, "-D", folder, "-p", String(port), ...options],
    // Immediate shutdown: the data goes with the server.
    stopSignal: "QUIT",
    folder,
  });
  const url = `postgres://postgres@${loopback}:${port}/postgres`;
  try {
    // The port opens before the server serves, so only a whole log-in counts.
    await untilReady(server, () => logIn(url));
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return { url, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

async function createCluster(
  initdb: string,
  folder: string,
  { durable }: PostgresOptions,
  owner: Owner | undefined,
): Promise<void> {
  const options = ["-D", folder, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"];
  const command = [...(owner?.prefix ?? []), initdb, ...options, ...(durable ? [] : ["--no-sync"])];
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" };
  await promisify(execFile)("/usr/bin/env", command, { cwd: folder, env });
}

async function logIn(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.end();
}
