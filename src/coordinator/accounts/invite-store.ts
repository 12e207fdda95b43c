/** SQL of invitations. */
import { sql } from "kysely";
import { reaching, type Database, type Tx } from "../database.ts";

export async function insertInvites(
  database: Database,
  ids: readonly string[],
  { now, expiresAt }: { now: number; expiresAt: number },
): Promise<void> {
  await reaching(() =>
    sql`
      insert into invite (id, created_ms, expires_ms)
      select id, ${now}::bigint, ${expiresAt}::bigint from unnest(${ids}::text[]) as id
    `.execute(database),
  );
}

/** Uses an invitation up. False where there is none by that name that is neither used nor too old. */
export async function useInvite(
  tx: Tx,
  id: string,
  account: string,
  now: number,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update invite set account = ${account}, used_ms = ${now}::bigint
    where id = ${id} and used_ms is null and expires_ms > ${now}::bigint
  `.execute(tx);
  return numAffectedRows === 1n;
}
