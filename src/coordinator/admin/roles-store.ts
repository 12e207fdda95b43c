/** Runs the statements that make roles, all or none. */
import { sql } from "kysely";
import { transact, type Database } from "../database.ts";
import { roleStatements, type RoleNames } from "../migrations/roles.ts";

export const applyRoles = (database: Database, names: RoleNames): Promise<void> =>
  transact(database, async (tx) => {
    for (const statement of roleStatements(names)) await sql.raw(statement).execute(tx);
  });
