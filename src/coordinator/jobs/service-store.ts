/** SQL of what the coordinator remembers of itself. */
import { sql } from "kysely";
import type { Database } from "../database.ts";

/** When a coordinator on this database was last alive, ms; undefined at the very first start. */
export async function readLastAlive(database: Database): Promise<number | undefined> {
  const { rows } = await sql<{ alive_ms: bigint }>`select alive_ms from service`.execute(database);
  return rows[0] && Number(rows[0].alive_ms);
}

export const writeAlive = (database: Database, now: number) =>
  sql`
    insert into service (alive_ms) values (${now}::bigint)
    on conflict (single) do update set alive_ms = greatest(service.alive_ms, excluded.alive_ms)
  `.execute(database);
