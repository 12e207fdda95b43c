/**
 * SQL of the invariants that lead back to what was signed: charges against the rates and the receipts they came from,
 * starter credits against what was granted and spent, and what is due against how far the jobs have come.
 */
import { sql } from "kysely";
import type { Tx } from "../database.ts";

/** A row that breaks an invariant, and what it should be. */
export interface Finding {
  subject: string;
  found: string;
  expected: string;
}
export type Check = (tx: Tx) => Promise<Finding[]>;

/** Jobs come by every ten seconds; what they have left alone for so long they have lost sight of. */
const overdueMs = 10 * 60_000;

/** Longer than holds wait for receipts after a restart (a quarter of an hour). */
const stuckMs = 25 * 60_000;

export const findings = async (
  query: ReturnType<typeof sql<Finding>>,
  tx: Tx,
): Promise<Finding[]> => (await query.execute(tx)).rows;

/** 2. Starter credits that cannot be given away are those granted and not yet spent. */
export const starters: Check = (tx) =>
  findings(
    sql<Finding>`
      with granted as (
        select credit as id, sum(amount) as amount from transfer
        where kind = 'grant' and debit = 'faucet' group by credit
      ), spent as (
        select account as id, sum(starter) as amount from request where state <> 'reversed' group by account
      )
      select a.id as subject, 'not transferable ' || a.non_transferable as found,
        'not transferable ' || coalesce(g.amount, 0) - coalesce(s.amount, 0) as expected
      from account a left join granted g on g.id = a.id left join spent s on s.id = a.id
      where a.non_transferable <> coalesce(g.amount, 0) - coalesce(s.amount, 0) order by a.id
    `,
    tx,
  );

/** 5. No request costs more than its hold's rates make of its figures; at one's own node it costs nothing. */
export const charges: Check = (tx) =>
  findings(
    sql<Finding>`
      with computed as (
        select r.hold || '.' || r.k as subject, r.cost, case when r.account = r.payee then 0 else
          ceil(least(
            ceil(r.billed_ms::numeric * h.per_second / 1000),
            case when not r.hmac then r.prompt_tokens::numeric * h.per_prompt_token
              + r.completion_tokens::numeric * h.per_completion_token end
          ) / 1000000) end as most
        from request r join hold h on h.id = r.hold where r.receipt is not null
      )
      select subject, 'cost ' || cost as found, 'cost at most ' || most as expected
      from computed where cost > most order by subject
    `,
    tx,
  );

// As text in the alphabet of the wire: 44 characters of base64, of which the last is padding.
const hashOfStatement = sql`translate(encode(sha256(convert_to(s.jws, 'UTF8')), 'base64'), '+/=', '-_')`;
// Only what is named by its hash is what was once signed and checked; a receipt by shared key is JSON, not signed.
const isSigned = sql`s.jws ~ '^[A-Za-z0-9_-]+[.][A-Za-z0-9_-]+[.][A-Za-z0-9_-]+$'`;
const bodyOfStatement = sql`
  case when ${hashOfStatement} = s.id and ${isSigned} then convert_from(decode(
    rpad(translate(split_part(s.jws, '.', 2), '-_', '+/'), (length(split_part(s.jws, '.', 2)) + 3) / 4 * 4, '='),
    'base64'), 'UTF8')::jsonb end
`;

/** What was signed, of all statements that some request refers to. */
export const statementsOf = (column: "receipt" | "acknowledgement") => sql`
  select s.id, b.body from statement s cross join lateral (select ${bodyOfStatement} as body) b
  where b.body is not null and exists (select 1 from request where ${sql.ref(column)} = s.id)
`;

/** 5. A request's figures are those of the receipt that was signed for it, and it costs no more than was claimed. */
export const receipts: Check = (tx) =>
  findings(
    sql<Finding>`
      with signed as (
        ${statementsOf("receipt")}
      ), said as (
        -- As a reader of JSON understands them: 3000.0 is 3000, and a UUID has no case.
        select s.id, lower(s.body->>'hold') as hold, (l.line->>'k')::numeric as k,
          replace(l.line->>'cost', '.', '')::numeric as cost, concat_ws(' ',
            trim_scale((l.line->>'billed_ms')::numeric), trim_scale((l.line->>'prompt_tokens')::numeric),
            trim_scale((l.line->>'completion_tokens')::numeric), l.line->>'finish',
            trim_scale((l.line->>'started')::numeric), trim_scale((l.line->>'ended')::numeric)) as figures
        from signed s cross join lateral jsonb_array_elements(s.body->'lines') as l (line)
      ), shown as (
        select r.*, concat_ws(' ', r.billed_ms, r.prompt_tokens, r.completion_tokens, r.finish, r.started_ms,
          r.ended_ms) as figures
        from request r join signed s on s.id = r.receipt
      )
      -- A receipt may hold several lines for one number: one of them was the first that could be proven.
      select r.hold || '.' || r.k as subject, r.figures || ' cost ' || r.cost as found,
        coalesce((
          select l.figures || ' cost at most ' || l.cost from said l
          where l.id = r.receipt and l.hold = r.hold::text and l.k = r.k limit 1
        ), 'a line in its receipt') as expected
      from shown r
      where not exists (
        select 1 from said l where l.id = r.receipt and l.hold = r.hold::text and l.k = r.k
          and r.figures = l.figures and r.cost <= l.cost
      )
      order by subject
    `,
    tx,
  );

/** 5. What the requester is said to have said is what it signed. */
export const acknowledgements: Check = (tx) =>
  findings(
    sql<Finding>`
      with signed as (
        ${statementsOf("acknowledgement")}
      ), said as (
        select s.id, lower(s.body->>'hold') as hold, (l.line->>'k')::numeric as k, concat_ws(' ',
            l.line->>'verdict', coalesce(l.line->>'line_hash', '-'),
            coalesce(trim_scale((l.line->>'billed_ms')::numeric)::text, '-'),
            coalesce(trim_scale((l.line->>'prompt_tokens')::numeric)::text, '-'),
            coalesce(trim_scale((l.line->>'completion_tokens')::numeric)::text, '-'),
            'retry of', coalesce(l.line->>'retry_of', '-')) as word
        from signed s cross join lateral jsonb_array_elements(s.body->'lines') as l (line)
      ), shown as (
        select r.hold, r.k, r.acknowledgement, concat_ws(' ', r.verdict, coalesce(r.acknowledged_hash, '-'),
            coalesce(r.acknowledged_ms::text, '-'), coalesce(r.acknowledged_prompt_tokens::text, '-'),
            coalesce(r.acknowledged_completion_tokens::text, '-'), 'retry of', coalesce(r.retry_of, '-')) as word
        from request r join signed s on s.id = r.acknowledgement
      )
      -- Of several lines for one number, the first that was taken in counts.
      select r.hold || '.' || r.k as subject, r.word as found, coalesce((
          select l.word from said l where l.id = r.acknowledgement and l.hold = r.hold::text and l.k = r.k limit 1
        ), 'a line in its acknowledgement') as expected
      from shown r
      where not exists (
        select 1 from said l where l.id = r.acknowledgement and l.hold = r.hold::text and l.k = r.k
          and l.word = r.word
      )
      order by subject
    `,
    tx,
  );

/** 5. A statement is named by the hash of its text. */
export const statements: Check = (tx) =>
  findings(
    sql<Finding>`
      select s.id as subject, named as found, s.id as expected from statement s cross join lateral (
        select ${hashOfStatement} as named
      ) hashed
      where named <> s.id order by s.id
    `,
    tx,
  );

/** 6. The jobs come by wherever a coordinator runs: else nothing would ever be due. */
export const stuck: Check = (tx) =>
  findings(
    sql<Finding>`
      select 'jobs' as subject, 'last done at ' || swept_ms || ', alive at ' || alive_ms as found,
        'done after ' || alive_ms - ${stuckMs}::bigint as expected
      from service where alive_ms - greatest(swept_ms, resumed_ms) > ${stuckMs}::bigint
    `,
    tx,
  );

/** 6. Nothing that was due is left: no hold still runs, and nothing still vests, long after its time. */
export const overdue: Check = (tx) =>
  findings(
    sql<Finding>`
      with swept as (select coalesce(max(swept_ms), 0) - ${overdueMs}::bigint as at from service)
      select id::text as subject, 'still running, due at ' || expires_ms as found,
        'an end before ' || at as expected
      from hold, swept where state = 'open' and expires_ms < at
      union all
      select hold || '.' || k, 'still vesting, due at ' || vests_ms, 'an end before ' || at
      from request, swept where state = 'vesting' and vests_ms < at
      order by subject
    `,
    tx,
  );
