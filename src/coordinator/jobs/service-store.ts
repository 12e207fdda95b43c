/** SQL of what the coordinator remembers of itself, and of which jobs were begun when. */
import { sql } from "kysely";
import { reaching, transact, type Database, type Tx } from "../database.ts";
import { postponeVesting } from "../ledger/vesting-store.ts";
import { recoveryAt } from "./recovery.ts";

/** Nobody was there: jobs come by every ten seconds, and one that fails is tried again as often. */
const awayMs = 5 * 60_000;
/** Every request that vests may have to be prolonged, and every replica waits for it. */
const resumeTimeoutMs = 10 * 60_000;

export interface ServiceStore {
  /**
   * Notes that a coordinator is alive again. Where none was for so long that it counts, vesting is postponed by that
   * time in the same transaction: of several that start or recover at once, one finds the gap, the others find it closed.
   * @returns when a coordinator on these books was last alive, ms; undefined at the very first start
   */
  resume(now: number): Promise<number | undefined>;
  /** It never goes back. After a gap it counts as resumed: jobs that did not come by meanwhile are not stuck. */
  writeAlive(now: number): Promise<void>;
}

export const createServiceStore = (database: Database): ServiceStore => ({
  resume: (now) =>
    transact(database, async (tx) => {
      await sql`select set_config('statement_timeout', ${String(resumeTimeoutMs)}, true)`.execute(
        tx,
      );
      const { rows } = await sql<{ alive_ms: bigint }>`
        select alive_ms from service for no key update
      `.execute(tx);
      const lastAlive = rows[0] && Number(rows[0].alive_ms);
      if (lastAlive !== undefined && recoveryAt(now, lastAlive).downMs > 0)
        await postponeVesting(tx, lastAlive, now);
      await writeAlive(tx, now);
      return lastAlive;
    }),
  writeAlive: (now) => reaching(() => writeAlive(database, now)),
});

async function writeAlive(database: Database | Tx, now: number): Promise<void> {
  await sql`
    insert into service (alive_ms, resumed_ms) values (${now}::bigint, ${now}::bigint)
    on conflict (single) do update set alive_ms = greatest(service.alive_ms, excluded.alive_ms),
      resumed_ms = case when excluded.alive_ms > service.alive_ms + ${awayMs}::bigint
        then excluded.alive_ms else service.resumed_ms end
  `.execute(database);
}

/** Everything that was due by `now` has been dealt with; the audit looks for what has not. */
export async function writeSwept(database: Database, now: number): Promise<void> {
  await reaching(() =>
    sql`update service set swept_ms = greatest(swept_ms, ${now}::bigint)`.execute(database),
  );
}

/**
 * True for one caller of all, where the job was last begun `everyMs` ago or more. The row is the lock: an advisory
 * one would need a connection of its own for as long as it is held, and the embedded database has only one.
 */
export async function claimJob(
  database: Database,
  name: string,
  everyMs: number,
  now: number,
): Promise<boolean> {
  const { numAffectedRows } = await reaching(() =>
    sql`
      insert into job (name, begun_ms) values (${name}, ${now}::bigint)
      on conflict (name) do update set begun_ms = excluded.begun_ms
        where job.begun_ms <= excluded.begun_ms - ${everyMs}::bigint
    `.execute(database),
  );
  return numAffectedRows === 1n;
}
