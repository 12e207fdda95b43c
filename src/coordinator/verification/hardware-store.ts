/** SQL of what each node's hardware stands at, and of the rounds in which nodes are tried. */
import { sql } from "kysely";
import { reaching, transact, type Database } from "../database.ts";
import { askAgainMs, changeRestMs, type DueReason, neighbourRestMs } from "./policy.ts";

/** The node asks: it is due where it had not asked lately and is not being tried. */
export async function writeAsked(database: Database, node: string, now: number): Promise<void> {
  await reaching(() =>
    sql`
      insert into hardware (node, asked_ms, due_ms, due_reason)
      values (${node}, ${now}::bigint, ${now}::bigint, 'asked')
      on conflict (node) do update set
        asked_ms = excluded.asked_ms, due_ms = excluded.due_ms, due_reason = excluded.due_reason
      where hardware.provenance <> 'proven' and hardware.quarantined_ms <= excluded.asked_ms
        and hardware.asked_ms <= excluded.asked_ms - ${askAgainMs}::bigint
        and not exists (
          select from hardware_trial where node = excluded.node and outcome is null
        )
    `.execute(database),
  );
}

/** What the node says it is made of; where that changed, it is due, unless it was tried just now. */
export async function writeStated(
  database: Database,
  node: string,
  stated: string,
  now: number,
): Promise<void> {
  await reaching(() =>
    sql`
      update hardware set stated = ${stated},
        due_ms = case when stated is null or provenance = 'refuted' then due_ms
          else least(due_ms, greatest(${now}::bigint, tried_ms + ${changeRestMs}::bigint)) end,
        due_reason = case when stated is null or provenance = 'refuted' then due_reason else 'changed' end
      where node = ${node} and stated is distinct from ${stated}
    `.execute(database),
  );
}

/** The GPUs that a node names, of its row `h` of `hardware`. */
export const gpuIds = sql`string_to_array(h.device, ' ')`;

/** Whether a node with the row `h` names any GPU that `me` does, whose are `me.gpus`. */
export const sharesGpu = sql<boolean>`coalesce(${gpuIds} && me.gpus, false)`;

/** A node that may be tried together with another. */
export interface Companion {
  node: string;
  /** It may be the same hardware. */
  isClose: boolean;
  /** It is being tried, in another round. */
  isTried: boolean;
}

/** Most that are tried with one: of one owner there are as many. */
const companionsMost = 64;

/**
 * Those who could share a prover with a node, and some who are due next. None that is quarantined or revoked, and none
 * that is being tried but for those that are close.
 * @param prefix of the node's address; undefined where that says nothing
 * @param strangers how many of the others, the next first
 */
export async function findCompanions(
  database: Database,
  node: string,
  prefix: string | undefined,
  strangers: number,
  now: number,
): Promise<Companion[]> {
  const { rows } = await reaching(() =>
    sql<Companion>`
      with me as (
        select n.owner, ${gpuIds} as gpus
        from hardware h join node n on n.id = h.node where h.node = ${node}
      ), free as (
        select h.node, h.due_ms, h.prefix, h.tried_ms,
          n.owner = me.owner as own, n.owner = me.owner or ${sharesGpu} as close,
          exists (
            select from hardware_trial t
            where t.node = h.node and t.outcome is null and t.ends_ms > ${now}::bigint
          ) as tried
        from me, hardware h join node n on n.id = h.node
          join account a on a.id = n.owner
        where h.node <> ${node} and greatest(h.quarantined_ms, n.quarantined_ms) <= ${now}::bigint
          and n.revoked_ms is null and a.revoked_ms is null
      )
      select node, close as "isClose", tried as "isTried" from (
        (select node, close, tried from free
          where close or (
            not tried and prefix = ${prefix ?? null}
            and tried_ms <= ${now}::bigint - ${neighbourRestMs}::bigint)
          order by own desc, close desc, tried_ms limit ${companionsMost})
        union
        (select node, close, tried from free
          where due_ms is not null and not tried order by due_ms limit ${strangers})
      ) found
    `.execute(database),
  );
  return rows;
}

/**
 * They were away when another was tried that could share their hardware: they are tried as soon as they are back. Who
 * has proven nothing has nothing to lose by that.
 */
export async function writeOwed(
  database: Database,
  nodes: readonly string[],
  now: number,
): Promise<void> {
  if (nodes.length === 0) return;
  await reaching(() =>
    sql`
      update hardware set due_ms = ${now}::bigint, due_reason = 'owed'
      where node = any(${nodes}::text[]) and provenance in ('proven', 'stale')
        and due_reason is distinct from 'owed'
    `.execute(database),
  );
}

export interface Round {
  id: string;
  isJoint: boolean;
  startsAt: number;
  endsAt: number;
}

/**
 * Opens a round for a node that is due, and for its companions. False where it is due no longer: another replica was
 * faster. One transaction; a companion that is being tried meanwhile is left out.
 * @param members a fresh UUID for each one's trial; the one that is due comes first
 */
export const openRound = (
  database: Database,
  round: Round,
  members: readonly { node: string; trial: string }[],
  prefix: string | undefined,
  now: number,
): Promise<boolean> =>
  transact(database, async (tx) => {
    for (const [index, { node, trial }] of members.entries()) {
      const isFirst = index === 0;
      const { rows } = await sql<{ reason: DueReason | null }>`
        with before as (
          select node, due_reason from hardware where node = ${node} for no key update
        )
        update hardware set due_ms = null, due_reason = null, tried_ms = ${now}::bigint,
          prefix = case when ${isFirst} then ${prefix ?? null} else hardware.prefix end
        from before where hardware.node = before.node
          and (not ${isFirst} or due_ms <= ${now}::bigint)
          and not exists (
            select from hardware_trial t where t.node = hardware.node and t.outcome is null
          )
        returning before.due_reason as reason
      `.execute(tx);
      if (!rows[0] && isFirst) return false;
      if (!rows[0]) continue;
      await sql`
        insert into hardware_trial (id, round, node, reason, joint, starts_ms, ends_ms) values (
          ${trial}, ${round.id}, ${node}, ${isFirst ? rows[0].reason : "with_others"},
          ${round.isJoint}, ${round.startsAt}::bigint, ${round.endsAt}::bigint
        )
        on conflict do nothing
      `.execute(tx);
    }
    return true;
  });
