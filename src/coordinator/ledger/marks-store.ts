/** SQL of the requests that marks are counted among. */
import { sql } from "kysely";
import { reaching, type Database } from "../database.ts";
import type { MarkedRequest } from "./marks.ts";
import { readRow, requestColumnNames, type RequestRecord } from "./request-record.ts";

const requestColumns = sql.raw(requestColumnNames.join(", "));

/** An account's latest requests that have their receipt, newest first; those at its own node say nothing. */
export async function findLatestRequests(
  database: Database,
  account: string,
  side: "account" | "payee",
  most: number,
): Promise<MarkedRequest[]> {
  const { rows } = await reaching(() =>
    sql<RequestRecord & { other: string }>`
      select ${requestColumns}, ${sql.ref(side === "account" ? "payee" : "account")} as other
      from request where ${sql.ref(side)} = ${account} and account <> payee and receipt is not null and not hmac
      order by received_ms desc limit ${most}
    `.execute(database),
  );
  return rows.map(({ other, ...record }) => ({ other, row: readRow(record) }));
}
