/** SQL of the keys that all coordinators of a network share. */
import { sql } from "kysely";
import { reaching, type Database } from "../database.ts";

export type Purpose = "ticket" | "pseudonym" | "join";

export interface SealedKey {
  purpose: Purpose;
  /** From 1 on, for each purpose. */
  number: number;
  sealed: string;
  /** ms */
  usedFrom: number;
}

/** By purpose, in the order of their numbers. */
export async function readRing(database: Database): Promise<SealedKey[]> {
  const { rows } = await reaching(() =>
    sql<Omit<SealedKey, "usedFrom"> & { used_from_ms: bigint }>`
      select purpose, number, sealed, used_from_ms from ring_key order by purpose, number
    `.execute(database),
  );
  return rows.map(({ used_from_ms, ...row }) => ({ ...row, usedFrom: Number(used_from_ms) }));
}

/** Where another coordinator has added one of that number, theirs stays. */
export async function addToRing(database: Database, key: SealedKey): Promise<void> {
  const { purpose, number, sealed, usedFrom } = key;
  await reaching(() =>
    sql`
      insert into ring_key (purpose, number, sealed, used_from_ms)
      values (${purpose}, ${number}, ${sealed}, ${usedFrom}::bigint)
      on conflict do nothing
    `.execute(database),
  );
}

/** @param before keys with lower numbers go @param from ms; no earlier than that by the database's clock, which all share */
export async function dropFromRing(
  database: Database,
  purpose: Purpose,
  before: number,
  from: number,
): Promise<void> {
  await reaching(() =>
    sql`
      delete from ring_key where purpose = ${purpose} and number < ${before}
        and ${from}::bigint <= extract(epoch from statement_timestamp()) * 1000
    `.execute(database),
  );
}
