/** SQL of holds: opening in one statement, reading, and giving back what was not captured. */
import { sql } from "kysely";
import type { Micro } from "../../protocol/credits.ts";
import type { Rate } from "../../protocol/price.ts";
import { isUniqueViolation, reaching, retrying, type Database, type Tx } from "../database.ts";
import type { HoldState } from "./book.ts";

/** Before all others. */
export const nilUuid = "00000000-0000-0000-0000-000000000000";

export interface NewHold {
  id: string;
  account: string;
  payee: string;
  node: string;
  model: string;
  modelDigest: string | null;
  amount: Micro;
  /** Ten-thousandths. */
  multiplier: number;
  rate: Rate;
  anchor: string;
  maxSeconds: number;
  /** Hash of what was asked for: the same id with another body is refused. */
  bodyHash: string;
  openedAt: number;
  ticketExpiresAt: number;
  expiresAt: number;
}

export interface Hold extends NewHold {
  captured: Micro;
  state: HoldState;
}

export async function insertHold(database: Database, hold: NewHold): Promise<"opened" | "nothing"> {
  try {
    // One statement: the reservation and the hold stand or fall together. A hold of the same id raises 23505,
    // which takes the reservation back; `on conflict do nothing` would leave it.
    const { numAffectedRows } = await retrying(() =>
      sql`
        with reserved as (
          update account set held = held + ${hold.amount}::bigint
          where id = ${hold.account} and kind = 'user' and posted - held >= ${hold.amount}::bigint
          returning id
        )
        insert into hold (
          id, account, payee, node, model, model_digest, amount, multiplier, per_second,
          per_prompt_token, per_completion_token, anchor, max_seconds, body_hash, opened_ms,
          ticket_expires_ms, expires_ms
        )
        select ${hold.id}::uuid, id, ${hold.payee}, ${hold.node}, ${hold.model}, ${hold.modelDigest},
          ${hold.amount}::bigint, ${hold.multiplier}::int, ${hold.rate.perSecond}::bigint,
          ${hold.rate.perPromptToken}::bigint, ${hold.rate.perCompletionToken}::bigint,
          ${hold.anchor}, ${hold.maxSeconds}::int, ${hold.bodyHash}, ${hold.openedAt}::bigint,
          ${hold.ticketExpiresAt}::bigint, ${hold.expiresAt}::bigint
        from reserved
      `.execute(database),
    );
    return numAffectedRows === 1n ? "opened" : "nothing";
  } catch (error) {
    if (isUniqueViolation(error)) return "nothing";
    throw error;
  }
}

interface HoldRecord {
  id: string;
  account: string;
  payee: string;
  node: string;
  model: string;
  model_digest: string | null;
  amount: bigint;
  captured: bigint;
  state: HoldState;
  multiplier: number;
  per_second: bigint;
  per_prompt_token: bigint;
  per_completion_token: bigint;
  anchor: string;
  max_seconds: number;
  body_hash: string;
  opened_ms: bigint;
  ticket_expires_ms: bigint;
  expires_ms: bigint;
}

export async function readHold(database: Database, id: string): Promise<Hold | undefined> {
  const { rows } = await reaching(() =>
    sql<HoldRecord>`
      select id, account, payee, node, model, model_digest, amount, captured, state, multiplier,
        per_second, per_prompt_token, per_completion_token, anchor, max_seconds, body_hash, opened_ms,
        ticket_expires_ms, expires_ms
      from hold where id = ${id}::uuid
    `.execute(database),
  );
  const found = rows[0];
  if (!found) return undefined;
  return {
    id: found.id,
    account: found.account,
    payee: found.payee,
    node: found.node,
    model: found.model,
    modelDigest: found.model_digest,
    amount: found.amount,
    captured: found.captured,
    state: found.state,
    multiplier: found.multiplier,
    rate: {
      perSecond: found.per_second,
      perPromptToken: found.per_prompt_token,
      perCompletionToken: found.per_completion_token,
    },
    anchor: found.anchor,
    maxSeconds: found.max_seconds,
    bodyHash: found.body_hash,
    openedAt: Number(found.opened_ms),
    ticketExpiresAt: Number(found.ticket_expires_ms),
    expiresAt: Number(found.expires_ms),
  };
}

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
