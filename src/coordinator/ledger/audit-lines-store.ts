/** SQL of the invariants that hold a signed line against its hold: the rates it was charged by, the anchor its secret leads to. */
import { sql } from "kysely";
import { limits } from "../../protocol/limits.ts";
import { findings, statementsOf, type Check, type Finding } from "./audit-receipts-store.ts";

/** 5. A request cost no less than its hold's rates make of its line, or its worker claimed; more, others name. */
export const claims: Check = (tx) =>
  findings(
    sql<Finding>`
      with signed as (
        ${statementsOf("receipt")}
      ), said as (
        select r.hold || '.' || r.k as subject, r.cost, l.line->>'finish' = 'client_gone'
            and (l.line->>'completion_tokens')::numeric = 0
            and (l.line->>'billed_ms')::numeric < ${limits.freeAbortMs}::int as is_abort,
          case when r.account = r.payee or l.line->>'finish' = 'worker_error' then 0 else least(
            replace(l.line->>'cost', '.', '')::numeric,
            ceil(least(
              ceil((l.line->>'billed_ms')::numeric * h.per_second / 1000),
              (l.line->>'prompt_tokens')::numeric * h.per_prompt_token
                + (l.line->>'completion_tokens')::numeric * h.per_completion_token
            ) / 1000000)
          ) end as due
        from request r join hold h on h.id = r.hold join signed s on s.id = r.receipt
          cross join lateral jsonb_array_elements(s.body->'lines') as l (line)
        where not r.hmac and (l.line->>'k')::numeric = r.k
      )
      -- Of several lines for one number, one was taken in. A client that left at once pays nothing, three times a ticket.
      select subject, 'cost ' || min(cost) as found, 'cost ' || trim_scale(max(due)) as expected
      from said group by subject having not bool_or(cost >= due or (is_abort and cost = 0)) order by subject
    `,
    tx,
  );

const bytesOf = (text: ReturnType<typeof sql>) =>
  sql`decode(translate(${text}, '-_', '+/') || '=', 'base64')`;
const label = (text: string) => sql`convert_to(${sql.lit(text)}, 'UTF8')`;

/** One step up the tree of secrets (`src/protocol/secrets.ts`). Kept apart: folded into one, each step doubles the next. */
const step = (height: number) => {
  const [below, at] = [sql.ref(`level_${height}.node`), sql.ref(`level_${height + 1}`)];
  const sibling = bytesOf(sql`l.line->'path'->>${sql.lit(height)}`);
  return sql`cross join lateral (
    select sha256(${label("troop-node/1")} || case when ((l.k - 1) >> ${sql.lit(height)}) & 1 = 1
      then ${sibling} || ${below} else ${below} || ${sibling} end) as node offset 0
  ) ${at}`;
};
const steps = sql.join(
  Array.from({ length: limits.secretTreeDepth }, (_, height) => step(height)),
  sql` `,
);

/** 5. The secret that a line reveals leads to the anchor of its hold, which the requester chose. */
export const secrets: Check = (tx) =>
  findings(
    sql<Finding>`
      with signed as (
        ${statementsOf("receipt")}
      )
      select r.hold || '.' || r.k as subject, 'the anchor ' || min(h.anchor) as found,
        'one that its secret leads to' as expected
      from request r join hold h on h.id = r.hold join signed s on s.id = r.receipt
        cross join lateral (
          select line, r.k::int as k from jsonb_array_elements(s.body->'lines') as lines (line)
          where (line->>'k')::numeric = r.k offset 0
        ) l
        cross join lateral (
          select sha256(${label("troop-leaf/1")} || int2send(l.k::smallint) || ${bytesOf(sql`l.line->>'x'`)}) as node
          offset 0
        ) level_0
        ${steps}
      where not r.hmac
      group by r.hold, r.k
      having not bool_or(${sql.ref(`level_${limits.secretTreeDepth}.node`)} = ${bytesOf(sql`h.anchor`)})
      order by subject
    `,
    tx,
  );
