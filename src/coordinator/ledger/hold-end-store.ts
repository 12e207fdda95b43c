/** SQL of how holds end: which are due, which nobody used, closing them, and giving back what was not captured. */
import { sql } from "kysely";
import { reaching, retrying, type Database, type Tx } from "../database.ts";
import type { HoldState } from "./book.ts";

/** Before all others. */
export const nilUuid = "00000000-0000-0000-0000-000000000000";

/** Remembers which numbers the worker says were used, until each of them has its line. */
export async function writeClosingNumbers(
  tx: Tx,
  hold: string,
  numbers: readonly number[],
): Promise<void> {
  await sql`
    update hold set closing_numbers = ${numbers}::smallint[]
    where id = ${hold}::uuid and state = 'open' and closing_numbers is null
  `.execute(tx);
}

/**
 * Holds locked for their end, in id order; those that somebody else works on are left to them.
 * @param after an id: those behind it
 */
export async function lockDueHolds(
  tx: Tx,
  now: number,
  most: number,
  after: string,
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from hold where state = 'open' and expires_ms <= ${now} and id > ${after}::uuid
    order by id limit ${most} for no key update skip locked
  `.execute(tx);
  return rows.map(({ id }) => id);
}

/** Also the place from which to look on. */
export interface UnusedHold {
  id: string;
  node: string;
  ticketExpiresAt: number;
}

/**
 * Holds whose ticket ended at `endedBy` or before and for which nobody has sent a line, those that ended first first.
 * @param after the last one seen: those that cannot be released yet keep nobody from what comes behind them
 */
export async function findUnusedHolds(
  database: Database,
  endedBy: number,
  most: number,
  after: Omit<UnusedHold, "node"> | undefined,
): Promise<UnusedHold[]> {
  const { rows } = await reaching(() =>
    sql<{ id: string; node: string; ticket_expires_ms: bigint }>`
      select id, node, ticket_expires_ms from hold
      where state = 'open' and ticket_expires_ms <= ${endedBy}::bigint
        and (ticket_expires_ms, id) > (${after?.ticketExpiresAt ?? -1}::bigint, ${after?.id ?? nilUuid}::uuid)
        and not exists (select 1 from request where request.hold = hold.id)
      order by ticket_expires_ms, id limit ${most}
    `.execute(database),
  );
  return rows.map(({ ticket_expires_ms, ...hold }) => ({
    ...hold,
    ticketExpiresAt: Number(ticket_expires_ms),
  }));
}

/** Of `holds`, those still open and without a line, locked in id order. */
export async function lockUnusedHolds(tx: Tx, holds: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from hold where id = any(${holds}::uuid[]) and state = 'open'
      and not exists (select 1 from request where request.hold = hold.id)
    order by id for no key update skip locked
  `.execute(tx);
  return rows.map(({ id }) => id);
}

/**
 * Closes a hold whose stated numbers all have their line, in one statement; false where there is more to it. Lines
 * are never taken back: a snapshot that shows them all suffices, however old it is when the hold's lock is got.
 */
export async function closeComplete(
  database: Database,
  hold: string,
  node: string,
  numbers: readonly number[],
  now: number,
): Promise<boolean> {
  const { numAffectedRows } = await retrying(() =>
    sql`
      with ended as (
        update hold set state = 'closed', closed_ms = ${now}::bigint
        where id = ${hold}::uuid and node = ${node} and state = 'open' and closing_numbers is null
          and not exists (
            select 1 from unnest(${numbers}::smallint[]) as stated (k) where not exists (
              select 1 from request r
              where r.hold = ${hold}::uuid and r.k = stated.k and r.receipt is not null
            )
          )
        returning account, amount - captured as rest
      )
      update account set held = held - (select rest from ended)
      where id = (select account from ended)
    `.execute(database),
  );
  return numAffectedRows === 1n;
}

/** Ends open holds that the caller has locked, and gives back what they still reserve. */
export async function endHolds(
  tx: Tx,
  holds: readonly string[],
  state: Exclude<HoldState, "open">,
  now: number,
): Promise<void> {
  if (holds.length === 0) return;
  await sql`
    with locked as materialized (
      select id from account where id in (select account from hold where id = any(${holds}::uuid[]))
      order by id for no key update
    ), ended as (
      update hold set state = ${state}, closed_ms = ${now}::bigint
      where id = any(${holds}::uuid[]) and state = 'open'
      returning account, amount - captured as rest
    )
    update account set held = held - freed.rest
    from (select account, sum(rest)::bigint as rest from ended group by account) freed,
      -- Counted, so that all are locked in id order before the first is changed.
      (select count(*) as accounts from locked) counted
    where account.id = freed.account and counted.accounts > 0
  `.execute(tx);
}
