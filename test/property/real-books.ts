/** The ledger on real PostgreSQL, with fresh accounts for each sequence, and a reader of all that the model predicts. */
import { sql } from "kysely";
import { randomUUID } from "node:crypto";
import { openDatabase, type Database } from "../../src/coordinator/database.ts";
import { migrateUp } from "../../src/coordinator/migrations/migrate.ts";
import { createLedger, type Ledger } from "../../src/coordinator/ledger/ledger.ts";
import { createSqlStore } from "../../src/coordinator/ledger/sql-store.ts";
import { createLog } from "../../src/host/log.ts";
import { digestOf } from "../../src/protocol/bytes.ts";
import type { ModelState } from "./model/state.ts";

export const starterCredits = 20_000_000n;
const faucetDaily = 10n ** 15n;

export interface RealBooks extends AsyncDisposable {
  ledger: Ledger;
  /** Fresh, empty accounts. */
  addAccounts(count: number, now: number): Promise<string[]>;
  /** Has an account earn from ten others, which a gift asks for. @returns how much */
  makeVeteran(id: string, now: number): Promise<bigint>;
  /** All that the model predicts, as one text per account and system account. */
  read(accounts: readonly string[], holds: readonly string[]): Promise<Map<string, string>>;
  faucet(): Promise<bigint>;
}

/** @param url a fresh database; commits are not waited for, since nothing is killed here */
export async function openRealBooks(url: string): Promise<RealBooks> {
  const quick = new URL(url);
  quick.searchParams.set("options", "-c synchronous_commit=off");
  const database = await openDatabase(
    { url: quick.href, folder: undefined, poolSize: 4 },
    createLog("silent"),
  );
  await migrateUp(database);
  const ledger = createLedger({ store: createSqlStore(database), starterCredits, faucetDaily });
  await ledger.refill(0);
  return {
    ledger,
    addAccounts: (count, now) => addAccounts(database, count, now),
    makeVeteran: (id, now) => makeVeteran(database, id, now),
    read: (accounts, holds) => readAll(database, accounts, holds),
    faucet: () => readFaucet(database),
    [Symbol.asyncDispose]: () => database.destroy(),
  };
}

async function addAccounts(database: Database, count: number, now: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  await sql`
    insert into account (id, owner, kind, bounded, materialised, created_ms)
    select prefix || id, id, kind, true, true, ${now}::bigint
    from unnest(${ids}::text[]) id, (values ('user', ''), ('vesting', 'vesting:')) k (kind, prefix)
    order by kind
  `.execute(database);
  return ids;
}

/** By hand and not by the verbs, which would take longer than the sequence that follows. */
async function makeVeteran(database: Database, id: string, now: number): Promise<bigint> {
  const others = await addAccounts(database, 10, now);
  const each = 2_000_000n;
  const jws = `a receipt of ${id}`;
  await sql`
    with other as (
      select account, gen_random_uuid() as hold from unnest(${others}::text[]) account
    ), said as (
      insert into statement (id, signer, jws, received_ms)
      values (${digestOf(jws)}, 'a node', ${jws}, ${now}::bigint) returning id
    ), held as (
      insert into hold (id, account, payee, node, model, amount, captured, state, multiplier,
        per_second, per_prompt_token, per_completion_token, anchor, max_seconds, body_hash, opened_ms,
        ticket_expires_ms, expires_ms, closed_ms)
      select hold, account, ${id}, 'a node', 'a-model', ${each}::bigint, ${each}::bigint, 'closed',
        10000, 1, 1, 1, 'an anchor', 1, 'a body', ${now}::bigint, ${now}::bigint, ${now}::bigint,
        ${now}::bigint
      from other
    ), asked as (
      insert into request (hold, k, account, payee, state, cost, starter, receipt, line_hash, received_ms,
        settled_ms)
      select hold, 1, account, ${id}, 'settled', ${each}::bigint, ${each}::bigint, said.id, 'a line', ${now}::bigint,
        ${now}::bigint
      from other, said
    ), issued as (
      insert into transfer (id, debit, credit, amount, kind, created_ms)
      select gen_random_uuid(), 'issuance', 'faucet', ${each}::bigint, 'issue', ${now}::bigint
      from other
      union all
      select gen_random_uuid(), 'faucet', account, ${each}::bigint, 'grant', ${now}::bigint
      from other
    ), paid as (
      insert into transfer (id, debit, credit, amount, kind, hold, k, leg, created_ms)
      select gen_random_uuid(), account, ${id}, ${each}::bigint, 'request', hold, 1, 'pay',
        ${now}::bigint
      from other
    )
    update account set posted = ${each * 10n}::bigint where id = ${id}
  `.execute(database);
  return each * 10n;
}

async function readFaucet(database: Database): Promise<bigint> {
  const { rows } = await sql<{ posted: bigint }>`
    select posted from account where id = 'faucet'
  `.execute(database);
  return rows[0]!.posted;
}

const textOf = (posted: bigint, held: bigint, starter: bigint): string =>
  `${posted} held ${held} starter ${starter}`;

async function readAll(
  database: Database,
  accounts: readonly string[],
  holds: readonly string[],
): Promise<Map<string, string>> {
  const ids = accounts.flatMap((id) => [id, `vesting:${id}`]);
  const { rows } = await sql<{ id: string; posted: bigint; held: bigint; starter: bigint }>`
    select id, posted, held, non_transferable as starter from account
    where id = any(${ids}::text[])
    union all
    select 'commons', coalesce(sum(case when credit = 'commons' then amount else -amount end), 0)::bigint,
      0, 0
    from transfer where hold = any(${holds}::uuid[]) and 'commons' in (credit, debit)
  `.execute(database);
  return new Map(rows.map(({ id, posted, held, starter }) => [id, textOf(posted, held, starter)]));
}

/** The same, as the model has it. */
export function predicted({ accounts, vesting, commons }: ModelState): Map<string, string> {
  const texts = new Map([["commons", textOf(commons, 0n, 0n)]]);
  for (const [id, { posted, held, starter }] of accounts) {
    texts.set(id, textOf(posted, held, starter));
    texts.set(`vesting:${id}`, textOf(vesting.get(id)!, 0n, 0n));
  }
  return texts;
}
