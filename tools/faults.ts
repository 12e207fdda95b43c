/**
 * Kills and pauses real processes under load, and reads the books afterwards.
 *
 *     npm run faults [-- --rounds 20] [--only worker] [--fault killed] [--json]
 *
 * Victims: a coordinator on PGlite, one on PostgreSQL, PostgreSQL itself (fsync=on), a worker, a relay. Each is killed with
 * SIGKILL, children and all, and paused with SIGSTOP, `--rounds` times each. Exit code 1 where a settlement that was
 * acknowledged is lost, a request is charged twice, an invariant is broken, a repeated call is never answered, or a stream
 * ends without saying that it broke.
 */
import { parseArgs } from "node:util";
import type { Fault, Row } from "./faults/campaign.ts";
import { startDatabaseServer, type DatabaseServer } from "./faults/database-server.ts";
import { tryLedger } from "./faults/ledger-victims.ts";
import { isGood, tableOf } from "./faults/table.ts";
import { tryNetwork } from "./faults/network-victims.ts";
import { provide } from "./services/apt.ts";
import { programs } from "./services/programs.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "20" },
    only: { type: "string" },
    fault: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds takes a number above 0");

type Try = (fault: Fault, server: DatabaseServer) => Promise<Row>;
const victims: Record<string, Try> = {
  "coordinator on PGlite": (fault) =>
    tryLedger("coordinator on PGlite", fault, rounds, { isServerVictim: false }),
  "coordinator on PostgreSQL": (fault, server) =>
    tryLedger("coordinator on PostgreSQL", fault, rounds, { server, isServerVictim: false }),
  PostgreSQL: (fault, server) =>
    tryLedger("PostgreSQL", fault, rounds, { server, isServerVictim: true }),
  worker: (fault, server) => tryNetwork("worker", fault, rounds, server),
  relay: (fault, server) => tryNetwork("relay", fault, rounds, server),
};

provide([programs.postgres, programs.ip]);
process.exitCode = (await tryAll()).every(isGood) ? 0 : 1;

async function tryAll(): Promise<Row[]> {
  await using server = await startDatabaseServer();
  const rows: Row[] = [];
  for (const [name, attempt] of Object.entries(victims)) {
    if (values.only !== undefined && !name.includes(values.only)) continue;
    for (const fault of ["killed", "paused"] as const) {
      if (values.fault !== undefined && values.fault !== fault) continue;
      process.stderr.write(`${name} ${fault}, ${rounds} rounds…\n`);
      const row = await attempt(fault, server);
      rows.push(row);
      for (const offence of row.offences) process.stderr.write(`  ${offence}\n`);
    }
  }
  const out = values.json ? process.stderr : process.stdout;
  out.write(`${tableOf(rows)}\n`);
  if (values.json) process.stdout.write(`${JSON.stringify({ victims: rows })}\n`);
  return rows;
}
