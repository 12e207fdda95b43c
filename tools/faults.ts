/**
 * Kills and pauses real processes under load, and reads the books afterwards. `npm run faults -- --help` says how.
 *
 * Victims: a coordinator on PGlite, one on PostgreSQL, PostgreSQL itself (fsync=on), Redis and one of two coordinators
 * that share both, a worker, a relay.
 */
import type { Fault, Row } from "./faults/campaign.ts";
import { startDatabaseServer, type DatabaseServer } from "./faults/database-server.ts";
import { tryLedger } from "./faults/ledger-victims.ts";
import { tryNetwork } from "./faults/network-victims.ts";
import { readOptions, usage, type VictimName, type Wish } from "./faults/options.ts";
import { tryReplicas } from "./faults/replica-victims.ts";
import { isGood, sentenceOf, tableOf } from "./faults/table.ts";
import { provide } from "./services/apt.ts";
import { programs } from "./services/programs.ts";
import { readWish } from "./read-wish.ts";

type Try = (fault: Fault, rounds: number, server: DatabaseServer) => Promise<Row>;
const victims: Record<VictimName, Try> = {
  "coordinator on PGlite": (fault, rounds) =>
    tryLedger("coordinator on PGlite", fault, rounds, { isServerVictim: false }),
  "coordinator on PostgreSQL": (fault, rounds, server) =>
    tryLedger("coordinator on PostgreSQL", fault, rounds, { server, isServerVictim: false }),
  PostgreSQL: (fault, rounds, server) =>
    tryLedger("PostgreSQL", fault, rounds, { server, isServerVictim: true }),
  Redis: (fault, rounds, server) => tryReplicas("Redis", fault, rounds, server),
  replica: (fault, rounds, server) => tryReplicas("replica", fault, rounds, server),
  worker: (fault, rounds, server) => tryNetwork("worker", fault, rounds, server),
  relay: (fault, rounds, server) => tryNetwork("relay", fault, rounds, server),
};

const wish = readWish(readOptions, usage);
if (!wish) process.exitCode = 2;
else if (wish.kind === "help") console.log(usage);
else process.exitCode = (await tryAll(wish)).every(isGood) ? 0 : 1;

async function tryAll(wish: Extract<Wish, { kind: "faults" }>): Promise<Row[]> {
  provide([programs.postgres, programs.redis, programs.ip]);
  await using server = await startDatabaseServer();
  const rows: Row[] = [];
  for (const name of wish.victims) {
    for (const fault of wish.faults) {
      process.stderr.write(`${name} ${fault}, ${wish.rounds} rounds…\n`);
      const row = await victims[name](fault, wish.rounds, server);
      rows.push(row);
      process.stderr.write(`  ${sentenceOf(row)}\n`);
      for (const offence of row.offences) process.stderr.write(`  ${offence}\n`);
    }
  }
  const out = wish.isJson ? process.stderr : process.stdout;
  out.write(`${tableOf(rows)}\n`);
  if (wish.isJson) process.stdout.write(`${JSON.stringify({ victims: rows })}\n`);
  return rows;
}
