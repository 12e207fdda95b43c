/** The schema that a coordinator needs, before it does anything else. */
import { TroopError } from "../protocol/error-codes.ts";
import type { CoordinatorConfig } from "./config.ts";
import { type Database } from "./database.ts";
import { migrateUp, pendingMigrations } from "./migrations/migrate.ts";

/** @throws TroopError `configuration_invalid` where migrations are missing, and not to be made */
export async function bringUpToDate(
  database: Database,
  migrate: CoordinatorConfig["migrate"],
): Promise<void> {
  if (migrate === "auto") return migrateUp(database);
  const pending = await pendingMigrations(database);
  if (pending.length > 0) {
    throw new TroopError(
      "configuration_invalid",
      `The database lacks migrations (${pending.join(", ")}), and MIGRATE=manual.`,
      { param: "MIGRATE" },
    );
  }
}
