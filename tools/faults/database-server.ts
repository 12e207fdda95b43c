/** PostgreSQL with `fsync=on`, killed as a whole and started again on what it left on disk. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { pathOf, programs } from "../services/programs.ts";
import { freePort, loopback } from "../services/ready.ts";
import { giveTo, stepDownFor } from "../services/step-down.ts";
import { startProgram, type Program } from "./program.ts";

export interface DatabaseServer extends AsyncDisposable {
  program(): Program;
  /** Resolves when it serves. */
  start(): Promise<void>;
  /** URL of a new, empty database. */
  createDatabase(name: string): Promise<string>;
}

const settings = [`listen_addresses=${loopback}`, "unix_socket_directories=", "fsync=on"];
const clean = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" };

export async function startDatabaseServer(): Promise<DatabaseServer> {
  const postgres = pathOf(programs.postgres);
  const owner = stepDownFor(postgres);
  const prefix = owner?.prefix ?? [];
  const folder = await mkdtemp("/tmp/monkey-troop-faults-");
  giveTo(owner, folder);
  const initdb = [join(dirname(postgres), "initdb"), "-D", folder, "-U", "postgres", "-A", "trust"];
  const options = ["-E", "UTF8", "--locale=C.UTF-8"];
  await promisify(execFile)("/usr/bin/env", [...prefix, ...initdb, ...options], {
    cwd: folder,
    env: clean,
  });
  const port = await freePort();
  const chosen = settings.flatMap((setting) => ["-c", setting]);
  const command = [...prefix, postgres, "-D", folder, "-p", String(port), ...chosen];
  const url = (database: string) => `postgres://postgres@${loopback}:${port}/${database}`;
  let program: Program | undefined;
  const server: DatabaseServer = {
    program: () => program!,
    async start() {
      program = startProgram(command, clean);
      await untilServed(url("postgres"));
    },
    async createDatabase(name) {
      await runStatement(url("postgres"), `create database ${name} template template0`);
      return url(name);
    },
    async [Symbol.asyncDispose]() {
      await program?.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

async function untilServed(url: string): Promise<void> {
  for (let left = 600; ; left -= 1) {
    try {
      return await runStatement(url, "select 1");
    } catch (error) {
      if (left === 0) throw error;
      await pause(50);
    }
  }
}

async function runStatement(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  // A server that is killed under us says so twice.
  client.on("error", () => undefined);
  await client.connect();
  await client.query(statement);
  await client.end();
}
