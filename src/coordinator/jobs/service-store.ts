/** SQL of what the coordinator remembers of itself. */
import { sql } from "kysely";
import type { Database } from "../database.ts";

export interface ServiceStore {
  /** When a coordinator on these books was last alive, ms; undefined at the very first start. */
  readLastAlive(): Promise<number | undefined>;
  /** It never goes back. */
  writeAlive(now: number): Promise<void>;
}

export const createServiceStore = (database: Database): ServiceStore => ({
  async readLastAlive() {
    const { rows } = await sql<{ alive_ms: bigint }>`select alive_ms from service`.execute(
      database,
    );
    return rows[0] && Number(rows[0].alive_ms);
  },
  async writeAlive(now) {
    await sql`
      insert into service (alive_ms) values (${now}::bigint)
      on conflict (single) do update set alive_ms = greatest(service.alive_ms, excluded.alive_ms)
    `.execute(database);
  },
});
