/** SQL of verdicts: each is written once, with what follows from it for the node. */
import { sql } from "kysely";
import type { ProvenGpu } from "../../protocol/hardware-proof/wire.ts";
import { transact, type Database } from "../database.ts";
import type { Ending } from "./judge.ts";
import type { After } from "./policy.ts";
import type { Trial } from "./trial-store.ts";

export interface VerdictRow {
  id: string;
  node: string;
  /** Of the node's first GPU. */
  trial: string;
  outcome: "proven" | "refuted" | "failed";
  /** Ten-thousandths, from now on. */
  multiplier: number;
  provenance: After["provenance"];
  /** What was measured, or what went wrong. */
  details: Readonly<Record<string, unknown>>;
  decidedAt: number;
}

/** A verdict, and what it changes. */
export interface Decision {
  verdict: Omit<VerdictRow, "trial">;
  after: After;
  /** Of each GPU that was proven, where there are several. */
  gpus: readonly ProvenGpu[] | null;
}

/** Characters of all ids of a node's GPUs: sixteen are shorter, and whoever is due is compared with everybody by them. */
const idsMost = 640;

/** One that shows wrong rows decides for all. */
const cutShort: Ending = { kind: "failed", why: "another of the node's GPUs was refuted" };

/**
 * This trial is over; and once those of the node's other GPUs are, so is the verdict. Undefined where they are not yet,
 * or this one was over before.
 * @param decide of how all of them ended, in the order of the GPUs
 */
export const writeEnding = (
  database: Database,
  { id, round, node }: Pick<Trial, "id" | "round" | "node">,
  ending: Ending,
  decide: (endings: Ending[]) => Decision,
): Promise<VerdictRow | undefined> =>
  transact(database, async (tx) => {
    // Whichever two of them end at once: the second sees how the first did. By a statement of its own: one that waits
    // for a lock does not see what was written meanwhile.
    await sql`
      select from hardware_trial where round = ${round} and node = ${node} and gpu = 0 for update
    `.execute(tx);
    const { rows: trials } = await sql<{ id: string; gpu: number; cameTo: Ending | null }>`
      select id, gpu, came_to as "cameTo" from hardware_trial
      where round = ${round} and node = ${node} order by gpu for update
    `.execute(tx);
    const isOpen = trials.some((trial) => trial.id === id && trial.cameTo === null);
    if (!isOpen) return undefined;
    const endings: Ending[] = [];
    for (const trial of trials) {
      const ended = trial.cameTo ?? (trial.id === id ? ending : undefined);
      const cameTo = ended ?? (ending.kind === "refuted" ? cutShort : undefined);
      if (!cameTo) continue;
      endings.push(cameTo);
      await sql`
        update hardware_trial set outcome = ${cameTo.kind}, came_to = ${JSON.stringify(cameTo)}::jsonb
        where id = ${trial.id} and came_to is null
      `.execute(tx);
    }
    if (endings.length < trials.length) return undefined;
    return writeVerdict(tx, { trial: trials[0]!.id, round }, decide(endings));
  });

async function writeVerdict(
  tx: Database,
  { trial, round }: { trial: string; round: string },
  { verdict, after, gpus }: Decision,
): Promise<VerdictRow | undefined> {
  const { id, node, outcome, multiplier, provenance, details, decidedAt } = verdict;
  const { numAffectedRows } = await sql`
    insert into hardware_verdict
      (id, node, trial, outcome, multiplier, provenance, details, decided_ms)
    values (${id}, ${node}, ${trial}, ${outcome}, ${multiplier}, ${provenance},
      ${JSON.stringify(details)}::jsonb, ${decidedAt}::bigint)
    on conflict (trial) do nothing
  `.execute(tx);
  if (numAffectedRows === 0n) return undefined;
  // Not among the details, which stay when the account goes: a GPU's id is its owner's.
  await sql`
    update hardware set provenance = ${provenance}, missed = ${after.missed},
      proven_ms = case when ${outcome} = 'proven' then ${decidedAt}::bigint else proven_ms end,
      gpus = case when ${outcome} = 'proven' then ${gpus && JSON.stringify(gpus)}::jsonb else gpus end,
      quarantined_ms = ${after.quarantinedUntil}::bigint,
      due_ms = ${Math.round(after.dueAt)}::bigint, due_reason = ${after.dueReason},
      device = coalesce((
        select left(string_agg(distinct id, ' '), ${idsMost}) from (
          select distinct on (s.trial) s.device ->> 'id' as id
          from hardware_session s join hardware_trial t on t.id = s.trial
          where t.round = ${round} and t.node = ${node} and s.device is not null
          order by s.trial, s.number desc
        ) latest
      ), device),
      memory_bytes = ${after.memory?.bytes ?? null}::bigint,
      memory_ms = ${after.memory?.at ?? null}::bigint
    where node = ${node}
  `.execute(tx);
  await sql`update node set multiplier = ${multiplier} where id = ${node}`.execute(tx);
  return { ...verdict, trial };
}
