/** Runs a migration's statements one by one: the extended protocol takes a single one at a time. */
import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

const runner = (statements: readonly string[]) => async (database: Kysely<unknown>) => {
  for (const statement of statements) await sql.raw(statement).execute(database);
};

export const migrationOf = (up: readonly string[], down: readonly string[]): Migration => ({
  up: runner(up),
  down: runner(down),
});
