/** SQL of cutting off: accounts, nodes and keys that may do nothing any more, and nodes that are kept out for a while. */
import { sql } from "kysely";
import { limits } from "../../protocol/limits.ts";
import { reaching, transact, type Database } from "../database.ts";

const isChanged = async (work: () => Promise<{ numAffectedRows?: bigint }>): Promise<boolean> =>
  (await reaching(work)).numAffectedRows === 1n;

/** When it was cut off first stays. @param at ms; null: it is let in again. False where there is none that may be changed */
export const writeAccountRevoked = (
  database: Database,
  id: string,
  at: number | null,
): Promise<boolean> =>
  isChanged(() =>
    sql`
      update account set revoked_ms = case when ${at === null} then null else coalesce(revoked_ms, ${at}::bigint) end
      where id = ${id} and kind = 'user' and (deleted_ms is null or ${at !== null})
    `.execute(database),
  );

/** As `writeAccountRevoked`. A node whose data was deleted has no key any more. */
export const writeNodeRevoked = (
  database: Database,
  id: string,
  at: number | null,
): Promise<boolean> =>
  isChanged(() =>
    sql`
      update node set revoked_ms = case when ${at === null} then null else coalesce(revoked_ms, ${at}::bigint) end
      where id = ${id} and (jwk is not null or ${at !== null})
    `.execute(database),
  );

export const writeKeyRevoked = (database: Database, id: string, at: number): Promise<boolean> =>
  isChanged(() =>
    sql`
      update account_key set revoked_ms = coalesce(revoked_ms, ${at}::bigint) where thumbprint = ${id}
    `.execute(database),
  );

/** @param until ms; 0: it is let in again, whoever kept it out. False where there is no such node */
export const writeQuarantine = (
  database: Database,
  node: string,
  until: number,
): Promise<boolean> =>
  transact(database, async (tx) => {
    const { numAffectedRows } = await sql`
      update node set quarantined_ms = ${until}::bigint where id = ${node}
    `.execute(tx);
    if (until === 0)
      await sql`update hardware set quarantined_ms = 0 where node = ${node}`.execute(tx);
    return numAffectedRows === 1n;
  });

/** Tickets that take requests still: how many, and when the last of them ends, ms. */
export async function readOpenTickets(
  database: Database,
  side: "account" | "node",
  id: string,
  now: number,
): Promise<{ count: number; endAt: number | null }> {
  const { rows } = await reaching(() =>
    sql<{ count: number; end: bigint | null }>`
      select count(*)::int as count, max(ticket_expires_ms) as "end" from hold
      where ${sql.ref(side)} = ${id} and state = 'open' and ticket_expires_ms > ${now}::bigint
        and opened_ms > ${now - limits.ticketLifeMs - 1_000}::bigint
    `.execute(database),
  );
  const { count = 0, end = null } = rows[0] ?? {};
  return { count, endAt: end === null ? null : Number(end) };
}
