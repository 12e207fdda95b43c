/** SQL of what waits in vesting accounts. */
import { sql } from "kysely";
import type { Database, Tx } from "../database.ts";
import { nilUuid } from "./hold-end-store.ts";

/** A request whose day has passed; also the place from which to look on. */
export interface DueRequest {
  hold: string;
  k: number;
  /** When its day was over, coordinator time in ms. */
  vestsAt: number;
}

/**
 * Requests whose day has passed, those that have waited longest first.
 * @param after the last one seen: one that cannot vest keeps nobody from what comes behind it
 */
export async function findDueRequests(
  database: Database,
  now: number,
  most: number,
  after: DueRequest | undefined,
): Promise<DueRequest[]> {
  const { vestsAt, hold, k } = after ?? { vestsAt: -1, hold: nilUuid, k: 0 };
  const { rows } = await sql<{ hold: string; k: number; vests_ms: bigint }>`
    select hold, k, vests_ms from request where state = 'vesting' and vests_ms <= ${now}::bigint
      and (vests_ms, hold, k) > (${vestsAt}::bigint, ${hold}::uuid, ${k}::int)
    order by vests_ms, hold, k limit ${most}
  `.execute(database);
  return rows.map(({ vests_ms, ...request }) => ({ ...request, vestsAt: Number(vests_ms) }));
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
