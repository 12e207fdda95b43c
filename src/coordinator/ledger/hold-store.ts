/** SQL of holds: opening in one statement, and reading. */
import { sql } from "kysely";
import type { Micro } from "../../protocol/credits.ts";
import type { Rate } from "../../protocol/price.ts";
import { isUniqueViolation, reaching, retrying, type Database } from "../database.ts";
import type { HoldState } from "./book.ts";

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
