/** Databases on the server that ours and the reference share, and pgbench on one of them. */
import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { pathOf, programs } from "../../tools/services/programs.ts";

/** @returns its URL */
export async function createDatabase(server: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(`create database ${name} template template0`);
  await client.end();
  const url = new URL(server);
  url.pathname = name;
  return url.href;
}

async function pgbench(url: string, options: readonly string[]): Promise<string> {
  const { hostname, port, pathname } = new URL(url);
  const to = ["-h", hostname, "-p", port, "-U", "postgres", pathname.slice(1)];
  const program = join(dirname(pathOf(programs.postgres)), "pgbench");
  const { stdout } = await promisify(execFile)(program, [...options, ...to]);
  return stdout;
}

/** A hundred thousand rows to update for each unit. */
export const fillPgbench = (url: string): Promise<string> =>
  pgbench(url, ["--initialize", "--quiet", "--scale=10"]);

/** @returns transactions per second of `simple-update`: one update, one select, one insert, committed */
export async function runPgbench(url: string, clients: number, seconds: number): Promise<number> {
  const said = await pgbench(url, [
    ...["--builtin=simple-update", "--no-vacuum", `--client=${clients}`, `--time=${seconds}`],
  ]);
  const found = /^tps = ([\d.]+)/m.exec(said);
  if (!found) throw new Error(`pgbench said: ${said}`);
  return Number(found[1]);
}
