/** SQL of accounts and their keys. */
import { sql } from "kysely";
import type { PublicJwk } from "../../protocol/signature.ts";
import { reaching, transact, type Database, type Tx } from "../database.ts";
import { vestingOf } from "../ledger/account-names.ts";

/** Makes an account named by its first key, empty, beside the one where its earnings vest. True where it is new. */
export const insertAccount = (
  database: Database,
  id: string,
  jwk: PublicJwk,
  now: number,
): Promise<boolean> => transact(database, (tx) => insertAccountWithin(tx, id, jwk, now));

/** As `insertAccount`, as a part of something that may still fail. */
export async function insertAccountWithin(
  tx: Tx,
  id: string,
  jwk: PublicJwk,
  now: number,
): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`
    insert into account (id, owner, kind, bounded, materialised, created_ms)
    values
      (${id}, ${id}, 'user', true, true, ${now}::bigint),
      (${vestingOf(id)}, ${id}, 'vesting', true, true, ${now}::bigint)
    on conflict (id) do nothing returning id
  `.execute(tx);
  await sql`
    insert into account_key (thumbprint, account, jwk, created_ms)
    values (${id}, ${id}, ${JSON.stringify(jwk)}::jsonb, ${now}::bigint)
    on conflict (thumbprint) do nothing
  `.execute(tx);
  return rows.length > 0;
}

export async function hasAccount(database: Database, id: string): Promise<boolean> {
  const { rows } = await reaching(() =>
    sql`select 1 from account where id = ${id} and kind = 'user'`.execute(database),
  );
  return rows.length > 0;
}
