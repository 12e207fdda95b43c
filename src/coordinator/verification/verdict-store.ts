/** SQL of verdicts: each is written once, with what follows from it for the node. */
import { sql } from "kysely";
import { reaching, transact, type Database } from "../database.ts";
import type { After } from "./policy.ts";

export interface VerdictRow {
  id: string;
  node: string;
  trial: string;
  outcome: "proven" | "refuted" | "failed";
  /** Ten-thousandths, from now on. */
  multiplier: number;
  provenance: After["provenance"];
  /** What was measured, or what went wrong. */
  details: Readonly<Record<string, unknown>>;
  decidedAt: number;
}

/** False where this trial has its verdict already. */
export const writeVerdict = (
  database: Database,
  verdict: VerdictRow,
  after: After,
  device: string | undefined,
): Promise<boolean> =>
  transact(database, async (tx) => {
    const { id, node, trial, outcome, multiplier, provenance, details, decidedAt } = verdict;
    const { numAffectedRows } = await sql`
      update hardware_trial set outcome = ${outcome} where id = ${trial} and outcome is null
    `.execute(tx);
    if (numAffectedRows === 0n) return false;
    await sql`
      insert into hardware_verdict
        (id, node, trial, outcome, multiplier, provenance, details, decided_ms)
      values (${id}, ${node}, ${trial}, ${outcome}, ${multiplier}, ${provenance},
        ${JSON.stringify(details)}::jsonb, ${decidedAt}::bigint)
    `.execute(tx);
    await sql`
      update hardware set provenance = ${provenance}, missed = ${after.missed},
        proven_ms = case when ${outcome} = 'proven' then ${decidedAt}::bigint else proven_ms end,
        quarantined_ms = ${after.quarantinedUntil}::bigint,
        due_ms = ${Math.round(after.dueAt)}::bigint, due_reason = ${after.dueReason},
        device = coalesce(${device ?? null}, device)
      where node = ${node}
    `.execute(tx);
    await sql`update node set multiplier = ${multiplier} where id = ${node}`.execute(tx);
    return true;
  });

/** This node has all that its verdict needs; where others of its round have not, it goes on with them. */
export async function writeReady(database: Database, trial: string): Promise<void> {
  await reaching(() =>
    sql`update hardware_trial set ready = true where id = ${trial} and not ready`.execute(database),
  );
}

export interface RoundState {
  /** Take part, and need more. */
  unready: number;
  /** Of the same owner or GPU, and did not take part, or not to the end: they may have lent their hardware. */
  absent: number;
}

export async function readRound(
  database: Database,
  { id, round, node }: { id: string; round: string; node: string },
  now: number,
): Promise<RoundState> {
  const { rows } = await reaching(() =>
    sql<RoundState>`
      with others as (
        select t.outcome, t.ready, t.ends_ms,
          exists (select from hardware_session s where s.trial = t.id) as begun,
          n.owner = me.owner or coalesce(h.device = mine.device, false) as close
        from hardware_trial t
          join node n on n.id = t.node join hardware h on h.node = t.node,
          node me join hardware mine on mine.node = me.id
        where t.round = ${round} and t.id <> ${id} and me.id = ${node}
      )
      select
        (count(*) filter (
          where outcome is null and begun and not ready and ends_ms > ${now}::bigint))::int as unready,
        (count(*) filter (
          where close and (outcome = 'failed' or outcome is null and not begun)))::int as absent
      from others
    `.execute(database),
  );
  return rows[0]!;
}
