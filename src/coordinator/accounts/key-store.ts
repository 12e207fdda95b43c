/** SQL of the keys that act for accounts. */
import { sql } from "kysely";
import type { PublicJwk } from "../../protocol/signature.ts";
import { reaching, type Database, type Tx } from "../database.ts";

export interface KeyRow {
  thumbprint: string;
  account: string;
  createdAt: number;
  revokedAt: number | null;
}

interface KeyRecord {
  thumbprint: string;
  account: string;
  created_ms: bigint;
  revoked_ms: bigint | null;
}

const readKey = ({ thumbprint, account, created_ms, revoked_ms }: KeyRecord): KeyRow => ({
  thumbprint,
  account,
  createdAt: Number(created_ms),
  revokedAt: revoked_ms === null ? null : Number(revoked_ms),
});

/** Undefined where no account has ever had this key. `isCutOff`: an operator revoked the account, with all its keys. */
export async function findKey(
  database: Database,
  thumbprint: string,
): Promise<(KeyRow & { isCutOff: boolean }) | undefined> {
  const { rows } = await reaching(() =>
    sql<KeyRecord & { cut_off: boolean }>`
      select k.thumbprint, k.account, k.created_ms, k.revoked_ms, a.revoked_ms is not null as cut_off
      from account_key k join account a on a.id = k.account where k.thumbprint = ${thumbprint}
    `.execute(database),
  );
  return rows[0] && { ...readKey(rows[0]), isCutOff: rows[0].cut_off };
}

/** All that ever acted for an account, the first key first. */
export async function findKeys(database: Database, account: string): Promise<KeyRow[]> {
  const { rows } = await reaching(() =>
    sql<KeyRecord>`
      select thumbprint, account, created_ms, revoked_ms from account_key
      where account = ${account} order by created_ms, thumbprint <> ${account}, thumbprint
    `.execute(database),
  );
  return rows.map(readKey);
}

/** Keeps two changes to one account's keys from both seeing the state before. */
export const lockKeys = (tx: Tx, account: string) =>
  sql`select 1 from account where id = ${account} for no key update`.execute(tx);

/** False where the key is somebody's already, be it revoked. */
export async function insertKey(
  tx: Tx,
  account: string,
  thumbprint: string,
  jwk: PublicJwk,
  now: number,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into account_key (thumbprint, account, jwk, created_ms)
    values (${thumbprint}, ${account}, ${JSON.stringify(jwk)}::jsonb, ${now}::bigint)
    on conflict (thumbprint) do nothing
  `.execute(tx);
  return numAffectedRows === 1n;
}

export const revokeKey = (tx: Tx, thumbprint: string, now: number) =>
  sql`
    update account_key set revoked_ms = ${now}::bigint
    where thumbprint = ${thumbprint} and revoked_ms is null
  `.execute(tx);
