/** SQL of what treasurers grant: credits that are minted for one account, and are its own as if it had earned them. */
import { sql } from "kysely";
import type { Micro } from "../../protocol/credits.ts";
import { reaching, type Database, type Tx } from "../database.ts";
import { issuance } from "./account-names.ts";

export interface StoredGrant {
  account: string;
  amount: Micro;
  memo: string | null;
  /** Coordinator time, ms. */
  at: number;
  /** The operator, as in the audit log, and for operators only. Null where it was granted before that was kept. */
  by: string | null;
}

/** Locks the account, and the source of all grants, so that two of them never count each other out. @returns whether there is one */
export async function lockGrant(tx: Tx, account: string): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`
    select id from account
    where id = ${issuance} or id = ${account} and kind = 'user' and deleted_ms is null
    order by id for no key update
  `.execute(tx);
  return rows.some(({ id }) => id === account);
}

export async function findGrant(tx: Tx, id: string): Promise<StoredGrant | undefined> {
  const { rows } = await sql<Omit<StoredGrant, "at"> & { at: bigint }>`
    select credit as account, amount, memo, created_ms as at, granted_by as by
    from transfer where id = ${id}::uuid
  `.execute(tx);
  return rows[0] && { ...rows[0], at: Number(rows[0].at) };
}

/** Newest first. @param account of one only */
export async function readGrants(
  database: Database,
  most: number,
  account?: string,
): Promise<(StoredGrant & { id: string })[]> {
  type Row = Omit<StoredGrant, "at"> & { id: string; at: bigint };
  const { rows } = await reaching(() =>
    sql<Row>`
      select id, credit as account, amount, memo, created_ms as at, granted_by as by from transfer
      where kind = 'grant' and debit = ${issuance}
        ${account === undefined ? sql`` : sql`and credit = ${account}`}
      order by created_ms desc, id limit ${most}
    `.execute(database),
  );
  return rows.map((row) => ({ ...row, at: Number(row.at) }));
}

/** What treasurers have granted later than `since`, ms. */
export async function readGranted(database: Database | Tx, since: number): Promise<Micro> {
  const { rows } = await reaching(() =>
    sql<{ amount: bigint }>`
      select coalesce(sum(amount), 0)::bigint as amount from transfer
      where kind = 'grant' and debit = ${issuance} and created_ms > ${since}::bigint
    `.execute(database),
  );
  return rows[0]!.amount;
}

/** Mints the credits. The account is locked already. */
export async function insertGrant(
  tx: Tx,
  id: string,
  { account, amount, memo, at, by }: StoredGrant,
): Promise<void> {
  await sql`
    with minted as (
      insert into transfer (id, debit, credit, amount, kind, memo, created_ms, granted_by) values (
        ${id}::uuid, ${issuance}, ${account}, ${amount}::bigint, 'grant', ${memo}, ${at}::bigint,
        ${by}
      )
    )
    update account set posted = posted + ${amount}::bigint where id = ${account}
  `.execute(tx);
}
