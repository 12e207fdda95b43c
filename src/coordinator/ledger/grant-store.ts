/** SQL of credits that are given out: the faucet's refill and each account's one starter grant. */
import { sql } from "kysely";
import type { Micro } from "../../protocol/credits.ts";
import { nameUuid } from "../../protocol/ids.ts";
import type { Database, Tx } from "../database.ts";
import { faucet, issuance } from "./account-names.ts";

/** True where the account has had its starter credits. */
export async function hasStarter(database: Database, account: string): Promise<boolean> {
  const { rows } = await sql`
    select 1 from account where id = ${account} and starter_granted_ms is not null
  `.execute(database);
  return rows.length > 0;
}

/** Notes that the account wants its starter credits; the first claim keeps its place in the queue. */
export async function claimStarter(tx: Tx, account: string, now: number): Promise<void> {
  await sql`
    update account set starter_claimed_ms = ${now}::bigint
    where id = ${account} and kind = 'user' and starter_claimed_ms is null
  `.execute(tx);
}

/** Accounts that found the faucet empty, those that have waited longest first. */
export async function findWaitingForStarter(database: Database, most: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from account where starter_claimed_ms is not null and starter_granted_ms is null
    order by starter_claimed_ms, id limit ${most}
  `.execute(database);
  return rows.map(({ id }) => id);
}

/** Moves starter credits from the faucet, once per account. False where the faucet has too few, or it was done. */
export async function payStarter(
  tx: Tx,
  account: string,
  amount: Micro,
  now: number,
): Promise<boolean> {
  const locked = await sql<{ id: string; posted: bigint; granted: bigint | null }>`
    select id, posted, starter_granted_ms as granted from account
    where id in (${faucet}, ${account}) order by id for no key update
  `.execute(tx);
  const source = locked.rows.find(({ id }) => id === faucet);
  const target = locked.rows.find(({ id }) => id === account);
  if (!source || !target || target.granted !== null || source.posted < amount) return false;
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
      starter_granted_ms = ${now}::bigint
    where id = ${account}
  `.execute(tx);
  return true;
}

/** Fills the faucet up to `level`, once per `day` (days since 1970, UTC). */
export async function fillFaucet(tx: Tx, level: Micro, day: number, now: number): Promise<void> {
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
