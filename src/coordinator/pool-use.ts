/** How busy the connections to PostgreSQL are. */
import type { Pool } from "pg";

const pools = new WeakMap<object, Pool>();

/** Remembers which pool is behind a database. */
export function notePool<Behind extends object>(database: Behind, pool: Pool): Behind {
  pools.set(database, pool);
  return database;
}

/** `waiting` are calls that want a connection. Undefined for the embedded database. */
export function poolUse(
  database: object,
): Readonly<Record<"busy" | "idle" | "waiting", number>> | undefined {
  const pool = pools.get(database);
  if (!pool) return undefined;
  const { totalCount, idleCount: idle, waitingCount: waiting } = pool;
  return { busy: totalCount - idle, idle, waiting };
}
