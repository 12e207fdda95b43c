/** SQL of accounts and their keys. */
import { sql } from "kysely";
import { TroopError } from "../../protocol/error-codes.ts";
import type { PublicJwk } from "../../protocol/signature.ts";
import { reaching, transact, type Database, type Tx } from "../database.ts";
import { vestingOf } from "../ledger/account-names.ts";

/**
 * Makes an account named by its first key, empty, beside the one where its earnings vest. True where it is new.
 * @throws TroopError `key_in_use` where the key acts, or acted, for another account
 */
export const insertAccount = (
  database: Database,
  id: string,
  jwk: PublicJwk,
  now: number,
): Promise<boolean> => transact(database, (tx) => insertAccountWithin(tx, id, jwk, now));

/** As `insertAccount`, as a part of something that may still fail. What it throws must take the transaction back. */
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
  const { numAffectedRows } = await sql`
    insert into account_key (thumbprint, account, jwk, created_ms)
    values (${id}, ${id}, ${JSON.stringify(jwk)}::jsonb, ${now}::bigint)
    on conflict (thumbprint) do nothing
  `.execute(tx);
  if (numAffectedRows === 1n) return rows.length > 0;
  // Whose key it is may have been decided a moment ago, by who linked it: its row, locked, says so. An account made
  // here for a key that acts for another would be nobody's for ever.
  const taken = await sql<{ account: string }>`
    select account from account_key where thumbprint = ${id} for share
  `.execute(tx);
  if (taken.rows[0]?.account !== id) throw new TroopError("key_in_use");
  return rows.length > 0;
}

export async function hasAccount(database: Database, id: string): Promise<boolean> {
  const { rows } = await reaching(() =>
    sql`select 1 from account where id = ${id} and kind = 'user'`.execute(database),
  );
  return rows.length > 0;
}
