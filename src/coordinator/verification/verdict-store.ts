/** SQL of verdicts: each is written once, with what follows from it for the node. */
import { sql } from "kysely";
import { transact, type Database } from "../database.ts";
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
        device = coalesce(${device ?? null}, device),
        memory_bytes = ${after.memory?.bytes ?? null}::bigint,
        memory_ms = ${after.memory?.at ?? null}::bigint
      where node = ${node}
    `.execute(tx);
    await sql`update node set multiplier = ${multiplier} where id = ${node}`.execute(tx);
    return true;
  });
