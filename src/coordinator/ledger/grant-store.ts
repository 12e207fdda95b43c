/** SQL of credits that are given out: the faucet's refill and each account's one starter grant. */
import { sql } from "kysely";
import type { Micro } from "../../protocol/credits.ts";
import { nameUuid } from "../../protocol/ids.ts";
import { reaching, type Database, type Tx } from "../database.ts";
import { faucet, issuance } from "./account-names.ts";

/** True where the account has had its starter credits. */
export async function hasStarter(database: Database, account: string): Promise<boolean> {
  const { rows } = await sql`
    select 1 from account where id = ${account} and starter_granted_ms is not null
  `.execute(database);
  return rows.length > 0;
}

/**
 * Notes that the account wants its starter credits; the first claim keeps its place in the queue.
 * @param prefix where it came from; null where nobody counts
 */
export async function claimStarter(
  tx: Tx,
  account: string,
  now: number,
  prefix: string | null = null,
): Promise<void> {
  await sql`
    update account set starter_claimed_ms = ${now}::bigint, starter_prefix = ${prefix}
    where id = ${account} and kind = 'user' and starter_claimed_ms is null
  `.execute(tx);
}

/** What one payment of starter credits is, and how much a source prefix may draw of them on that day. */
export interface StarterPayment {
  amount: Micro;
  prefixMost: Micro;
  now: number;
}

const dayMs = 24 * 60 * 60_000;
/** Days since 1970, UTC. */
export const dayOf = (now: number): number => Math.floor(now / dayMs);

/** Accounts that wait and can be paid now, those that have waited longest first. */
export async function findWaitingForStarter(
  database: Database,
  most: number,
  { amount, prefixMost, now }: StarterPayment,
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from account where starter_claimed_ms is not null and starter_granted_ms is null
      and ${amount}::bigint <= (select posted from account where id = ${faucet})
      and not exists (
        select 1 from starter_draw d where d.day = ${dayOf(now)}::int
          and d.prefix = account.starter_prefix and d.drawn + ${amount}::bigint > ${prefixMost}::bigint
      )
    order by starter_claimed_ms, id limit ${most}
  `.execute(database);
  return rows.map(({ id }) => id);
}

/** How many have waited longer than this account for their starter credits. */
export async function countAheadOfStarter(database: Database, account: string): Promise<number> {
  const { rows } = await sql<{ ahead: bigint }>`
    select count(*) as ahead from account other join account own on own.id = ${account}
    where other.starter_claimed_ms is not null and other.starter_granted_ms is null
      and (other.starter_claimed_ms, other.id) < (own.starter_claimed_ms, own.id)
  `.execute(database);
  return Number(rows[0]?.ahead ?? 0n);
}

/** What is left of the day's starter credits. */
export async function readFaucet(database: Database): Promise<Micro> {
  const { rows } = await reaching(() =>
    sql<{ posted: bigint }>`select posted from account where id = ${faucet}`.execute(database),
  );
  return rows[0]?.posted ?? 0n;
}

/**
 * Moves starter credits from the faucet, once per account. False where the faucet has too few, where the account's
 * prefix has drawn its share of the day, or where it was done.
 */
export async function payStarter(
  tx: Tx,
  account: string,
  { amount, prefixMost, now }: StarterPayment,
): Promise<boolean> {
  const locked = await sql<{
    id: string;
    posted: bigint;
    granted: bigint | null;
    prefix: string | null;
  }>`
    select id, posted, starter_granted_ms as granted, starter_prefix as prefix from account
    where id in (${faucet}, ${account}) order by id for no key update
  `.execute(tx);
  const source = locked.rows.find(({ id }) => id === faucet);
  const target = locked.rows.find(({ id }) => id === account);
  if (!source || !target || target.granted !== null || source.posted < amount) return false;
  if (target.prefix !== null && amount > 0n) {
    if (!(await drawStarter(tx, target.prefix, { amount, prefixMost, now }))) return false;
  }
  if (amount > 0n) {
    await sql`
      insert into transfer (id, debit, credit, amount, kind, memo, created_ms) values (
        ${nameUuid("grant", account)}::uuid, ${faucet}, ${account}, ${amount}::bigint, 'grant',
        'starter credits', ${now}::bigint
      )
    `.execute(tx);
    await sql`
      update account set posted = posted - ${amount}::bigint where id = ${faucet}
    `.execute(tx);
  }
  await sql`
    update account set posted = posted + ${amount}::bigint,
      non_transferable = non_transferable + ${amount}::bigint,
      starter_claimed_ms = coalesce(starter_claimed_ms, ${now}::bigint),
      starter_granted_ms = ${now}::bigint, starter_prefix = null
    where id = ${account}
  `.execute(tx);
  return true;
}

/** Counts a payment against its prefix's share. The faucet's row is locked, so that nobody counts at the same time. */
async function drawStarter(
  tx: Tx,
  prefix: string,
  { amount, prefixMost, now }: StarterPayment,
): Promise<boolean> {
  if (amount > prefixMost) return false;
  const { numAffectedRows } = await sql`
    insert into starter_draw (day, prefix, drawn) values (${dayOf(now)}::int, ${prefix}, ${amount}::bigint)
    on conflict (day, prefix) do update set drawn = starter_draw.drawn + excluded.drawn
      where starter_draw.drawn + excluded.drawn <= ${prefixMost}::bigint
  `.execute(tx);
  return numAffectedRows === 1n;
}

/**
 * Fills the faucet up to `level`, once per `day` (days since 1970, UTC), and forgets who drew on days before. That the
 * day was filled is noted even where nothing was missing: else what is granted later would be paid for twice.
 */
export async function fillFaucet(tx: Tx, level: Micro, day: number, now: number): Promise<void> {
  await sql`delete from starter_draw where day < ${day}::int`.execute(tx);
  const { numAffectedRows } = await sql`
    insert into job (name, begun_ms) values ('faucet', ${day * dayMs}::bigint)
    on conflict (name) do update set begun_ms = excluded.begun_ms where job.begun_ms < excluded.begun_ms
  `.execute(tx);
  if (numAffectedRows === 0n) return;
  await sql`
    with filled as (
      select greatest(${level}::bigint - posted, 0) as amount from account
      where id = ${faucet} for no key update
    ), moved as (
      insert into transfer (id, debit, credit, amount, kind, memo, created_ms)
      select ${nameUuid("faucet", String(day))}::uuid, ${issuance}, ${faucet}, amount, 'issue',
        'daily refill', ${now}::bigint
      from filled where amount > 0
      on conflict (id) do nothing
      returning amount
    )
    update account set posted = posted + moved.amount from moved where account.id = ${faucet}
  `.execute(tx);
}
