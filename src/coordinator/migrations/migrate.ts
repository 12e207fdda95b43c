/** Brings the schema up to date, takes it back, and says what of it is there. */
import { sql } from "kysely";
import { Migrator } from "kysely/migration";
import type { Database } from "../database.ts";
import { patiently } from "../silent-server.ts";
import { migrations } from "./all.ts";

const migratorOf = (db: Database) =>
  new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } });

/** Brings the schema up to date, one process at a time (an advisory lock on PostgreSQL). */
export async function migrateUp(database: Database): Promise<void> {
  await database.connection().execute(async (connection) => {
    // Building an index over years of books takes longer than any call may, and so does waiting for who builds it.
    await sql`set statement_timeout = 0`.execute(connection);
    const { error } = await patiently(() => migratorOf(connection).migrateToLatest());
    await sql`reset statement_timeout`.execute(connection);
    if (error) throw new Error("a migration failed", { cause: error });
  });
}

/** Takes back every migration, newest first: the tables and all they hold are gone. */
export async function migrateDown(database: Database): Promise<void> {
  for (const _name of Object.keys(migrations)) await migrateLatestDown(database);
}

/** Takes the newest migration back. */
export async function migrateLatestDown(database: Database): Promise<void> {
  const { error } = await migratorOf(database).migrateDown();
  if (error) throw new Error("a migration could not be taken back", { cause: error });
}

export interface MigrationState {
  name: string;
  /** ms UTC; null where it has not run here. */
  appliedAt: number | null;
}

/** All migrations that this program knows, in order. */
export async function migrationStates(database: Database): Promise<MigrationState[]> {
  const known = await migratorOf(database).getMigrations();
  return known.map(({ name, executedAt }) => ({ name, appliedAt: executedAt?.getTime() ?? null }));
}

/** Names of migrations that have not run here yet. */
export async function pendingMigrations(database: Database): Promise<string[]> {
  const known = await migratorOf(database).getMigrations();
  return known.filter(({ executedAt }) => !executedAt).map(({ name }) => name);
}
