/** SQL of what waits in vesting accounts. */
import { sql } from "kysely";
import type { Database, Tx } from "../database.ts";

/** Holds that have a request whose day has passed, with its numbers. */
export async function findDueRequests(
  database: Database,
  now: number,
  most: number,
): Promise<Map<string, number[]>> {
  const { rows } = await sql<{ hold: string; k: number }>`
    select hold, k from request where state = 'vesting' and vests_ms <= ${now}
    order by vests_ms limit ${most}
  `.execute(database);
  const due = new Map<string, number[]>();
  for (const { hold, k } of rows) due.set(hold, [...(due.get(hold) ?? []), k]);
  return due;
}

/**
 * The clock of vesting stands still from `since` to `until`, in which nobody could acknowledge: each request's day
 * grows by what of that time it vested through, so that one received when it was over is not prolonged.
 */
export async function postponeVesting(tx: Tx, since: number, until: number): Promise<void> {
  await sql`
    update request set vests_ms = vests_ms + ${until}::bigint - greatest(received_ms, ${since}::bigint)
    where state = 'vesting' and received_ms < ${until}::bigint
  `.execute(tx);
}
