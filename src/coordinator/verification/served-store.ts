/** SQL of what a node's served requests show of its speed: the other witness, beside its proofs. */
import { sql } from "kysely";
import { perSecondRate } from "../../protocol/price.ts";
import { reaching, type Database } from "../database.ts";

const one = 10_000;
const ageMs = 30 * 24 * 60 * 60_000;
/** Fewer could be one person's, and had their own reasons to ask for little. */
const requestersLeast = 5;
/** Of a shorter answer its beginning is all there is to see. */
const tokensLeast = 50;
const billedLeastMs = 1_000;
/** What no hardware shortens, as reputation has it. */
const unhurriedMs = 500;
const ticketsRead = 1_000;

/**
 * The multiplier that a node's served requests amount to, ten-thousandths: a token's price is what it takes on an
 * RTX 3060, and so a second of answering at that price is worth a multiplier of 1. Of each requester the fastest answer
 * counts that both sides agree on, since answers side by side share a card; and of all requesters the middle one.
 * Undefined where too few have asked.
 */
export async function readServed(
  database: Database,
  node: string,
  now: number,
): Promise<number | undefined> {
  const { rows } = await reaching(() =>
    sql<{ pace: number | null; requesters: number }>`
      with latest as (
        select id, account, per_prompt_token::float8, per_completion_token::float8 from hold
        where node = ${node} and per_second > 0 and opened_ms > ${now - ageMs}::bigint
        order by opened_ms desc limit ${ticketsRead}
      ), fastest as (
        select l.account, max(
          (l.per_prompt_token * r.prompt_tokens + l.per_completion_token * r.completion_tokens)
            / (r.billed_ms - ${unhurriedMs}::bigint)) * 1000 as pace
        from latest l join request r on r.hold = l.id
        where r.receipt is not null and not r.hmac and r.verdict = 'ok' and r.dispute is null
          and r.finish in ('stop', 'length', 'tool_calls', 'budget')
          and r.completion_tokens >= ${tokensLeast} and r.billed_ms >= ${billedLeastMs}::bigint
        group by l.account
      )
      select percentile_disc(0.5) within group (order by pace) as pace,
        count(*)::int as requesters from fastest
    `.execute(database),
  );
  const { pace, requesters } = rows[0]!;
  if (pace === null || requesters < requestersLeast) return undefined;
  return (pace / Number(perSecondRate(one))) * one;
}
