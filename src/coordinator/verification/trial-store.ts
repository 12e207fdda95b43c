/** SQL of trials that go on, and of the rounds that they are part of. */
import { type RawBuilder, sql } from "kysely";
import { limits } from "../../protocol/limits.ts";
import { reaching, transact, type Database } from "../database.ts";
import { gpuIds, sharesGpu } from "./hardware-store.ts";
import type { DueReason } from "./policy.ts";

export interface Trial {
  id: string;
  round: string;
  node: string;
  /** Which one of the node's: each has a trial of its own. */
  gpu: number;
  reason: DueReason;
  /** Other nodes are tried at the same instants. */
  joint: boolean;
  /** Others that walk through their memory at the same instant: the node's own further GPUs, and other nodes'. */
  others: number;
  startsAt: number;
  endsAt: number;
  /** When all of the round walk through their memory at once; null as long as one of them still looks for its size. */
  walksAt: number | null;
}

/** The trial of one of a node's GPUs that is not over. */
export const findOpenTrial = async (
  database: Database,
  node: string,
  gpu = 0,
): Promise<Trial | undefined> =>
  (await readOpenTrials(database, sql`node = ${node} and gpu = ${gpu}`))[0];

/** Whether any of its GPUs is being tried. */
export const isTried = async (database: Database, node: string): Promise<boolean> =>
  (await readOpenTrials(database, sql`node = ${node}`)).length > 0;

/** Undefined where it is over. */
export const findTrial = async (database: Database, id: string): Promise<Trial | undefined> =>
  (await readOpenTrials(database, sql`id = ${id}`))[0];

async function readOpenTrials(database: Database, which: RawBuilder<unknown>): Promise<Trial[]> {
  const { rows } = await reaching(() =>
    sql<
      Omit<Trial, "startsAt" | "endsAt" | "walksAt"> & {
        starts_ms: bigint;
        ends_ms: bigint;
        walks_ms: bigint | null;
      }
    >`
      select id, round, node, gpu, reason, joint, starts_ms, ends_ms, walks_ms,
        (select count(*) from hardware_trial o where o.round = t.round and o.id <> t.id)::int as others
      from hardware_trial t where ${which} and outcome is null
    `.execute(database),
  );
  return rows.map(({ starts_ms, ends_ms, walks_ms, ...trial }) => ({
    ...{ ...trial, startsAt: Number(starts_ms), endsAt: Number(ends_ms) },
    walksAt: walks_ms === null ? null : Number(walks_ms),
  }));
}

/**
 * A further GPU of a node takes part in the node's trial, once: as long as nothing has been asked of any of them, and in
 * a round of several nodes before it begins. False where it is too late, or the node is not being tried.
 */
export async function joinTrial(
  database: Database,
  { id, node, gpu }: Pick<Trial, "id" | "node" | "gpu">,
  now: number,
): Promise<boolean> {
  // The first one's trial is the lock: one that is ending waits until this one is seen, or is over.
  const { numAffectedRows } = await reaching(() =>
    sql`
      insert into hardware_trial (id, round, node, gpu, reason, joint, starts_ms, ends_ms)
      select ${id}, t.round, t.node, ${gpu}::int, t.reason, t.joint, t.starts_ms, t.ends_ms
      from hardware_trial t
      where t.node = ${node} and t.gpu = 0 and t.outcome is null
        and (not t.joint or t.starts_ms > ${now}::bigint)
        and not exists (
          select from hardware_session s join hardware_trial o on o.id = s.trial
          where o.round = t.round and o.node = t.node
        )
      for key share of t
      on conflict do nothing
    `.execute(database),
  );
  return numAffectedRows === 1n;
}

/** This node's arithmetic is measured; where that of others of its round is not, it goes on with them. */
export async function writeReady(database: Database, trial: string): Promise<void> {
  await reaching(() =>
    sql`update hardware_trial set ready = true where id = ${trial} and not ready`.execute(database),
  );
}

/** Tasks come every slot: whoever had none for so long has missed one. */
const missedMs = 2 * limits.proofSlotMs;
/** Who has begun and does nothing for so long is not waited for. */
const restingMs = 3 * limits.proofSlotMs;
/** From the first task of all; from then on nobody is: the walk is 25 s later, and a prover ends soon after it. */
const searchingMs = limits.provingMs - 45_000;

export interface RoundState {
  /** Take part, and need more. */
  unready: number;
  /**
   * Nodes of the same owner that did not take part, fell silent, or failed: they may have lent their hardware. Other
   * owners', at the address or with a GPU in common, count as one all together, and only those with a proof to lose:
   * enrolling costs nothing, nor does naming a GPU, and who stays away loses a part of its multiplier.
   */
  absent: number;
}

export async function readRound(
  database: Database,
  { id, round, node }: { id: string; round: string; node: string },
  now: number,
): Promise<RoundState> {
  const { rows } = await reaching(() =>
    sql<RoundState>`
      with me as (
        select n.owner, ${gpuIds} as gpus, h.prefix
        from hardware h join node n on n.id = h.node where h.node = ${node}
      ), others as (
        select t.node, t.outcome, t.ready, t.ends_ms,
          n.owner = me.owner as own,
          (${sharesGpu} or h.prefix = me.prefix) and h.provenance in ('proven', 'stale') as next_door,
          coalesce((select max(s.issued_ms) from hardware_session s where s.trial = t.id), 0) <
            case when not t.ready then ${now - missedMs}::bigint
              -- Whoever walks with the others is told how at that instant, or later.
              when t.walks_ms < ${now}::bigint then greatest(t.walks_ms, ${now - restingMs}::bigint)
              else ${now - restingMs}::bigint end as silent
        from hardware_trial t
          join node n on n.id = t.node join hardware h on h.node = t.node, me
        where t.round = ${round} and t.id <> ${id}
      ), counted as (
        -- A node's own GPUs were there to be tried with it.
        select *, node <> ${node} and (outcome = 'failed' or outcome is null and silent) as away
        from others
      )
      select
        (count(*) filter (
          where outcome is null and not silent and not ready and ends_ms > ${now}::bigint))::int as unready,
        ((count(distinct node) filter (where away and own)) + least(1, count(*) filter (
          where away and next_door and not own)))::int as absent
      from counted
    `.execute(database),
  );
  return rows[0]!;
}

/**
 * Those of a node's GPUs that began and fell silent, or that take too long, while the node's other ones are done. One
 * that knows what it holds may wait for others for as long as the trial.
 */
export async function findSilent(database: Database, node: string, now: number): Promise<Trial[]> {
  return readOpenTrials(
    database,
    sql`node = ${node} and (ends_ms <= ${now}::bigint
      or not (found and walks_ms is null) and greatest(starts_ms, walks_ms,
        (select max(s.issued_ms) from hardware_session s where s.trial = t.id))
          < ${now - restingMs}::bigint)`,
  );
}

/**
 * This node knows how large a dataset it holds. Once all do that take part, the instant is set at which they walk: one
 * statement for all of them, so that no two see another.
 */
export async function writeFound(
  database: Database,
  { id, round }: Pick<Trial, "id" | "round">,
  walksAt: number,
  now: number,
): Promise<void> {
  await reaching(() =>
    sql`update hardware_trial set found = true where id = ${id} and not found`.execute(database),
  );
  await reaching(() =>
    sql`
      with open as (
        -- In the order in which endings take them.
        select id from hardware_trial where round = ${round} and outcome is null
        order by node, gpu for update
      )
      update hardware_trial set walks_ms = ${walksAt}::bigint
      where id in (select id from open) and walks_ms is null and not exists (
        select from hardware_trial other
        where other.round = ${round} and other.outcome is null and not other.found
          and exists (
            select from hardware_session s join hardware_trial t on t.id = s.trial
            where t.round = ${round} having min(s.issued_ms) > ${now - searchingMs}::bigint
          )
          and exists (
            select from hardware_session s
            where s.trial = other.id and s.issued_ms > ${now - restingMs}::bigint
          )
      )
    `.execute(database),
  );
}

/** So many at once, so that nobody waits for long. */
const deletedMost = 1_000;

/** How many were deleted: of those that were over by then, with their sessions. A node that is away ends its own when it is back. */
export const deleteTrials = (database: Database, before: number): Promise<number> =>
  transact(database, async (tx) => {
    const { rows } = await sql<{ id: string }>`
      select id from hardware_trial where ends_ms < ${before}::bigint and outcome is not null
      order by ends_ms limit ${deletedMost} for update skip locked
    `.execute(tx);
    const ids = rows.map(({ id }) => id);
    await sql`delete from hardware_session where trial = any(${ids}::uuid[])`.execute(tx);
    await sql`delete from hardware_trial where id = any(${ids}::uuid[])`.execute(tx);
    return ids.length;
  });
