/** What the books say afterwards, against what the coordinator had confirmed. */
import { sql } from "kysely";
import { openDatabase, type Database } from "../../src/coordinator/database.ts";
import { createSqlStore } from "../../src/coordinator/ledger/sql-store.ts";
import { createLog } from "../../src/host/log.ts";
import type { Answered } from "./load.ts";

export interface Verdict {
  /** Settlements that the coordinator confirmed. */
  acknowledged: number;
  /** Of those, how many are not in the books, or with another amount. */
  lost: number;
  /** Requests that cost their requester more than once, or more than they should. */
  doubleCharges: number;
  /** Rows that break an invariant. */
  offences: string[];
}

interface Settled {
  name: string;
  state: string;
  finish: string | null;
  verdict: string | null;
  paid: bigint;
  /** What the requester's account really lost by it. */
  charged: bigint;
}

/** Opens the books behind the coordinator's back. */
export const openBooks = (books: {
  url?: string | undefined;
  folder?: string | undefined;
}): Promise<Database> =>
  openDatabase({ url: books.url, folder: books.folder, poolSize: 2 }, createLog("silent"));

export async function readSettled(database: Database): Promise<Map<string, Settled>> {
  const { rows } = await sql<Settled>`
    select request.hold || '.' || request.k as name, state, finish, verdict,
      cost - shortfall as paid,
      coalesce((
        select sum(case when debit = request.account then amount else -amount end)::bigint
        from transfer t
        where t.hold = request.hold and t.k = request.k and request.account in (debit, credit)
      ), 0) as charged
    from request
  `.execute(database);
  return new Map(rows.map((row) => [row.name, row]));
}

export async function auditOf(database: Database): Promise<string[]> {
  const offences = await createSqlStore(database).audit();
  return offences.map(({ invariant, subject }) => `${invariant}: ${subject}`);
}

export async function judge(
  database: Database,
  answered: ReadonlyMap<string, Answered>,
): Promise<Verdict> {
  const settled = await readSettled(database);
  const confirmed = [...answered].filter(([, { isAcknowledged }]) => isAcknowledged);
  const lost = confirmed.filter(([name, { paid }]) => {
    const row = settled.get(name);
    return row?.state !== "settled" || row.paid !== paid;
  });
  const doubly = [...settled.values()].filter(
    ({ name, paid, charged }) => charged !== paid || charged > (answered.get(name)?.cost ?? -1n),
  );
  const spent = new Map<string, bigint>();
  for (const { payer, cost } of answered.values())
    spent.set(payer, (spent.get(payer) ?? 0n) + cost);
  return {
    acknowledged: confirmed.length,
    lost: lost.length,
    doubleCharges: doubly.length + (await overchargedAccounts(database, spent)),
    offences: await auditOf(database),
  };
}

/** Accounts that lost something else than all their requests' costs together. */
async function overchargedAccounts(
  database: Database,
  spent: ReadonlyMap<string, bigint>,
): Promise<number> {
  const { rows } = await sql<{ id: string; lost: bigint }>`
    select id, (
      select coalesce(sum(amount), 0)::bigint from transfer where credit = account.id and kind = 'grant'
    ) - posted as lost from account where id = any(${[...spent.keys()]}::text[])
  `.execute(database);
  return rows.filter(({ id, lost }) => lost !== spent.get(id)).length;
}
