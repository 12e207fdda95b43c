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

/** Times are coordinator time, ms. */
export interface StoredInvite {
  id: string;
  at: number;
  expiresAt: number;
  account: string | null;
  usedAt: number | null;
}

/** Newest first. @param before rows behind it */
export async function findInvites(
  database: Database,
  before: { at: number; id: string } | undefined,
  most: number,
): Promise<StoredInvite[]> {
  const { rows } = await reaching(() =>
    sql<{ id: string; at: bigint; expires: bigint; account: string | null; used: bigint | null }>`
      select id, created_ms as at, expires_ms as expires, account, used_ms as used from invite
      where true
        ${before ? sql`and (created_ms, id) < (${before.at}::bigint, ${before.id})` : sql``}
      order by created_ms desc, id desc limit ${most}
    `.execute(database),
  );
  return rows.map(({ at, expires, used, ...row }) => ({
    ...{ ...row, at: Number(at), expiresAt: Number(expires) },
    usedAt: used === null ? null : Number(used),
  }));
}
