/** SQL of what the coordinator remembers of itself, and of which jobs were begun when. */
import { sql, type RawBuilder } from "kysely";
import { reaching, transact, type Database, type Tx } from "../database.ts";
import { postponeVesting } from "../ledger/vesting-store.ts";
import { patiently } from "../silent-server.ts";
import { recoveryAt } from "./recovery.ts";

/** Nobody was there: jobs come by every ten seconds, and one that fails is tried again as often. */
const awayMs = 5 * 60_000;
/** Every request that vests may have to be prolonged, and every replica waits for it. */
const resumeTimeoutMs = 10 * 60_000;

export interface ServiceStore {
  /**
   * Notes that a coordinator is alive again. Where none was for so long that it counts, vesting is postponed by that
   * time in the same transaction: of several that start or recover at once, one finds the gap, the others find it closed.
   * @param now as this coordinator's clock has it, ms; believed as far as the database's own clock has come
   */
  resume(now: number): Promise<Resumed>;
  /**
   * It never goes back. After a gap it counts as resumed: jobs that did not come by meanwhile are not stuck.
   * @param now as for `resume`
   * @returns what of it is believed, ms
   */
  writeAlive(now: number): Promise<number>;
}

export interface Resumed {
  /** What is believed of the time that the coordinator gave, ms. */
  now: number;
  /** When a coordinator on these books was last alive, ms; undefined at the very first start. */
  lastAlive: number | undefined;
}

export const createServiceStore = (database: Database): ServiceStore => ({
  resume: (now) =>
    patiently(() =>
      transact(database, async (tx) => {
        await sql`select set_config('statement_timeout', ${String(resumeTimeoutMs)}, true)`.execute(
          tx,
        );
        const { rows } = await sql<{ alive_ms: bigint }>`
        select alive_ms from service for no key update
      `.execute(tx);
        const lastAlive = rows[0] && Number(rows[0].alive_ms);
        const believed = await writeAlive(tx, now);
        if (lastAlive !== undefined && recoveryAt(believed, lastAlive).downMs > 0)
          await postponeVesting(tx, lastAlive, believed);
        return { now: believed, lastAlive };
      }),
    ),
  writeAlive: (now) => reaching(() => writeAlive(database, now)),
});

/**
 * The earlier of a coordinator's clock and the database's, which all coordinators share. One clock that is ahead makes
 * nobody's time pass; one that is behind makes its own jobs late, and others do them. The database's alone would let
 * its host's clock do to all of them what one of theirs can no longer do.
 */
const believedOf = (now: number) =>
  sql<bigint>`least(${now}::bigint, (extract(epoch from statement_timestamp()) * 1000)::bigint)`;

async function writeAlive(database: Database | Tx, now: number): Promise<number> {
  const believed = believedOf(now);
  const { rows } = await sql<{ now: bigint }>`
    insert into service (alive_ms, resumed_ms) values (${believed}, ${believed})
    on conflict (single) do update set alive_ms = greatest(service.alive_ms, excluded.alive_ms),
      resumed_ms = case when excluded.alive_ms > service.alive_ms + ${awayMs}::bigint
        then excluded.alive_ms else service.resumed_ms end
    returning ${believed} as now
  `.execute(database);
  return Number(rows[0]!.now);
}

/** Everything that was due by `now` has been dealt with; the audit looks for what has not. */
export async function writeSwept(database: Database, now: number): Promise<void> {
  await reaching(() =>
    sql`update service set swept_ms = greatest(swept_ms, ${now}::bigint)`.execute(database),
  );
}

/** What one coordinator of all does now and then. */
export interface Job {
  name: string;
  everyMs: number;
  /** Whoever takes longer has died, or stands still, and another takes its turn: both doing it must be harmless. */
  patienceMs: number;
}

/**
 * Does `work` where it is this coordinator's turn: the last one to be done was begun `everyMs` ago or more. One that
 * fails is anybody's again. The row is the lock: an advisory one would need a connection of its own for as long as it
 * is held, which the embedded database has not, and one that stands still would hold it for ever.
 * @param now as this coordinator's clock has it, ms; believed as for `resume`
 * @returns whether it was its turn
 */
export async function takeTurn(
  database: Database,
  job: Job,
  now: number,
  work: () => Promise<void>,
): Promise<boolean> {
  const begun = await begin(database, job, now);
  if (begun === undefined) return false;
  try {
    await work();
  } catch (error) {
    await end(database, job, begun, sql`begun_ms = ended_ms`);
    throw error;
  }
  await end(database, job, begun, sql`ended_ms = begun_ms`);
  return true;
}

async function begin(
  database: Database,
  { name, everyMs, patienceMs }: Job,
  now: number,
): Promise<bigint | undefined> {
  const { rows } = await reaching(() =>
    sql<{ begun_ms: bigint }>`
      insert into job (name, begun_ms) values (${name}, ${believedOf(now)})
      on conflict (name) do update set begun_ms = excluded.begun_ms
        where job.ended_ms <= excluded.begun_ms - ${everyMs}::bigint
          and (job.begun_ms <= job.ended_ms or job.begun_ms <= excluded.begun_ms - ${patienceMs}::bigint)
      returning begun_ms
    `.execute(database),
  );
  return rows[0]?.begun_ms;
}

/** Unless another has taken the turn meanwhile. */
const end = (database: Database, { name }: Job, begun: bigint, change: RawBuilder<unknown>) =>
  reaching(() =>
    sql`update job set ${change} where name = ${name} and begun_ms = ${begun}`.execute(database),
  );
