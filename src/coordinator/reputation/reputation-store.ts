/** SQL of what reputations come from: the latest jobs of nodes, who is known, presence, and comparisons with peers. */
import { sql } from "kysely";
import { reaching, retrying, type Database } from "../database.ts";
import { jobsCounted, type Job, type NodeRecord, type Presence } from "./reputation.ts";

export interface ReputationStore {
  /** Who had tickets for the nodes within a week, by node, the latest first; its owner is none of them. */
  findRequesters(nodes: readonly string[], now: number): Promise<Map<string, string[]>>;
  /** Those of the accounts that have paid several owners. */
  findKnown(accounts: readonly string[]): Promise<Set<string>>;
  /** What is on record of nodes, of jobs those of these requesters. Who was never enrolled is absent. */
  readRecords(
    requestersOf: ReadonlyMap<string, readonly string[]>,
    now: number,
  ): Promise<Map<string, StoredRecord>>;
  /** Adds what was seen to what there is, which fades meanwhile. */
  addPresence(seen: ReadonlyMap<string, Presence>, now: number): Promise<void>;
}

export type StoredJob = Omit<Job, "isKnown">;
export interface StoredRecord extends Omit<NodeRecord, "jobs"> {
  /** Newest first. */
  jobs: StoredJob[];
}

const dayMs = 24 * 60 * 60_000;
/** Older jobs say little of how a node is today; and who is asked no more must become a newcomer again. */
const jobsAgeMs = 7 * dayMs;
/** Of a node; who had one longer ago than so many others is passed over. */
const requestersMost = 2_000;
/** Of each requester: some are fetched ahead of need, and nothing is asked under them. */
const ticketsRead = 60;
/** Presence of so long ago counts half. */
const fadesInMs = 3 * dayMs;
/** A comparison is one of engines as they were then. */
const comparisonAgeMs = 14 * dayMs;
/** Owners that an account must have paid, and how many of its latest payments are looked at. */
const ownersLeast = 3;
const paymentsRead = 200;

interface JobRecord {
  node: string;
  requester: string;
  ending: Job["ending"];
  promised_ms: number;
  billed_ms: number;
}

export const createReputationStore = (database: Database): ReputationStore => ({
  async findRequesters(nodes, now) {
    const { rows } = await reaching(() =>
      sql<{ node: string; requester: string }>`
        select n.id as node, h.account as requester
        from unnest(${nodes}::text[]) as n(id) cross join lateral (
          select account, max(opened_ms) as latest from hold
          where node = n.id and opened_ms > ${now - jobsAgeMs}::bigint and account <> payee
          group by account order by latest desc limit ${requestersMost}
        ) h order by h.latest desc
      `.execute(database),
    );
    const byNode = Map.groupBy(rows, ({ node }) => node);
    return new Map(
      nodes.map((node) => [node, (byNode.get(node) ?? []).map(({ requester }) => requester)]),
    );
  },

  async readRecords(requestersOf, now) {
    const [jobs, others] = await Promise.all([
      reaching(() => readJobs(database, requestersOf, now)),
      reaching(() => readOthers(database, [...requestersOf.keys()], now)),
    ]);
    const jobsOf = Map.groupBy(jobs, ({ node }) => node);
    return new Map(
      others.map(({ node, consistency, ...of }) => {
        const stored = (jobsOf.get(node) ?? []).map(
          ({ requester, ending, promised_ms, billed_ms }) => ({
            ...{ requester, ending, promisedMs: promised_ms, billedMs: billed_ms },
          }),
        );
        const presence = { presentMs: Number(of.present_ms), missedMs: Number(of.missed_ms) };
        return [node, { jobs: stored, presence, consistency }];
      }),
    );
  },

  async findKnown(accounts) {
    const { rows } = await reaching(() =>
      sql<{ id: string }>`
        select id from unnest(${accounts}::text[]) as a(id) where ${ownersLeast} <= (
          select count(distinct payee) from (
            select payee from request
            where account = a.id and payee <> a.id and receipt is not null and cost > shortfall
              and state = 'settled'
            order by received_ms desc limit ${paymentsRead}
          ) paid
        )
      `.execute(database),
    );
    return new Set(rows.map(({ id }) => id));
  },

  async addPresence(seen, now) {
    const rows = [...seen].map(([node, { presentMs, missedMs }]) => ({
      ...{ node, present_ms: presentMs, missed_ms: missedMs, noted_ms: now },
    }));
    const faded = (column: string) =>
      sql`round(${sql.ref(`presence.${column}`)} * ${remaining(now)})::bigint`;
    // In the order of nodes, so that two coordinators that write at once do not wait for each other.
    await retrying(() =>
      sql`
        insert into presence
        select * from jsonb_populate_recordset(null::presence, ${JSON.stringify(rows)}::jsonb) order by node
        on conflict (node) do update set
          present_ms = ${faded("present_ms")} + excluded.present_ms,
          missed_ms = ${faded("missed_ms")} + excluded.missed_ms,
          noted_ms = greatest(presence.noted_ms, excluded.noted_ms)
      `.execute(database),
    );
  },
});

/** Of what was noted: half after each `fadesInMs`. */
const remaining = (now: number) =>
  sql`power(0.5, greatest(0, ${now}::bigint - presence.noted_ms)::float8 / ${fadesInMs}::float8)`;

/**
 * A job is a request that the node's receipt says was answered, or failed there; one that ended because its requester
 * or the node's owner wished so says nothing, unless it is disputed (as `ledger/marks.ts` has it). Of each requester
 * the latest tickets are looked at and of those the latest jobs, however many they have: they push out no others'.
 */
async function readJobs(
  database: Database,
  requestersOf: ReadonlyMap<string, readonly string[]>,
  now: number,
): Promise<JobRecord[]> {
  const wanted = [...requestersOf].map(([node, requesters]) => ({ node, requesters }));
  const { rows } = await sql<JobRecord>`
    select n.node, job.*
    from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) as n(node text, requesters text[])
    cross join lateral (
      select requester, ending, promised_ms, billed_ms from (
        select *, row_number() over (partition by requester order by received_ms desc, k desc) as place
        from (
          select h.account as requester, r.received_ms, r.k, r.billed_ms::float8 as billed_ms,
            case when h.per_second = 0 then 0 else 1000 * (
              h.per_prompt_token::float8 * r.prompt_tokens
              + h.per_completion_token::float8 * r.completion_tokens) / h.per_second end as promised_ms,
            case when r.dispute is not null or r.verdict <> 'ok'
                or r.acknowledged_hash <> r.line_hash or r.billed_ms > r.acknowledged_ms
                or r.prompt_tokens > r.acknowledged_prompt_tokens
                or r.completion_tokens > r.acknowledged_completion_tokens then 'disputed'
              when r.finish in ('worker_error', 'timeout') then 'failed'
              when r.finish in ('stop', 'length', 'tool_calls', 'budget') then 'answered'
            end as ending
          from (
            select *, row_number() over (partition by account order by opened_ms desc) as ticket
            from hold where node = n.node and account = any(n.requesters)
              and opened_ms > ${now - jobsAgeMs}::bigint
          ) h join request r on r.hold = h.id
          where h.ticket <= ${ticketsRead} and r.receipt is not null and not r.hmac
        ) latest where ending is not null
      ) placed where place <= ${jobsCounted} order by received_ms desc
    ) job
  `.execute(database);
  return rows;
}

interface OtherRecord {
  node: string;
  present_ms: bigint;
  missed_ms: bigint;
  consistency: NodeRecord["consistency"];
}

async function readOthers(
  database: Database,
  nodes: readonly string[],
  now: number,
): Promise<OtherRecord[]> {
  const { rows } = await sql<OtherRecord>`
    select n.id as node, coalesce(p.present_ms, 0) as present_ms, coalesce(p.missed_ms, 0) as missed_ms,
      -- Of several models the worst: 'inconsistent' comes after 'consistent'.
      (select max(c.verdict) from consistency c
        where c.node = n.id and c.found_ms > ${now - comparisonAgeMs}::bigint) as consistency
    from node n left join presence p on p.node = n.id where n.id = any(${nodes}::text[])
  `.execute(database);
  return rows;
}
