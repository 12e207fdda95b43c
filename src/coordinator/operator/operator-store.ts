/** SQL of operators beside the administrator. */
import { sql } from "kysely";
import type { OperatorRole } from "../../protocol/admin.ts";
import { reaching, transact, type Database } from "../database.ts";

export interface StoredOperator {
  name: string;
  role: OperatorRole;
  /** As `hashPassword` returned it. */
  password: string;
  createdAt: number;
  createdBy: string;
}

type Row = Omit<StoredOperator, "createdAt" | "createdBy"> & { at: bigint; by: string };

const selected = sql`name, role, password, created_ms as at, created_by as by`;
const readRow = ({ at, by, ...row }: Row): StoredOperator => ({
  ...row,
  createdAt: Number(at),
  createdBy: by,
});

export async function findOperator(
  database: Database,
  name: string,
): Promise<StoredOperator | undefined> {
  const { rows } = await reaching(() =>
    sql<Row>`select ${selected} from operator where name = ${name}`.execute(database),
  );
  return rows[0] && readRow(rows[0]);
}

export async function findOperators(database: Database): Promise<StoredOperator[]> {
  const { rows } = await reaching(() =>
    sql<Row>`select ${selected} from operator order by name`.execute(database),
  );
  return rows.map(readRow);
}

/** @param most how many there may be in all */
export const insertOperator = (
  database: Database,
  { name, role, password, createdAt, createdBy }: StoredOperator,
  most: number,
): Promise<"added" | "taken" | "full"> =>
  transact(database, async (tx) => {
    await sql`lock table operator in share row exclusive mode`.execute(tx);
    const { rows } = await sql<{ taken: boolean; others: number }>`
      select coalesce(bool_or(name = ${name}), false) as taken, count(*)::int as others from operator
    `.execute(tx);
    if (rows[0]!.taken) return "taken";
    if (rows[0]!.others >= most) return "full";
    await sql`
      insert into operator (name, role, password, created_ms, created_by)
      values (${name}, ${role}, ${password}, ${createdAt}::bigint, ${createdBy})
    `.execute(tx);
    return "added";
  });

/** @param changes what is to be another. @returns undefined where there is none of that name */
export async function updateOperator(
  database: Database,
  name: string,
  { role = null, password = null }: { role?: OperatorRole | null; password?: string | null },
): Promise<StoredOperator | undefined> {
  const { rows } = await reaching(() =>
    sql<Row>`
      update operator set role = coalesce(${role}::text, role), password = coalesce(${password}::text, password)
      where name = ${name} returning ${selected}
    `.execute(database),
  );
  return rows[0] && readRow(rows[0]);
}

export async function deleteOperator(database: Database, name: string): Promise<boolean> {
  const { numAffectedRows } = await reaching(() =>
    sql`delete from operator where name = ${name}`.execute(database),
  );
  return numAffectedRows === 1n;
}
