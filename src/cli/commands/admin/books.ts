/** What operators' commands share: where the books are, and what to do while a coordinator has them. */
import { join } from "node:path";
import { openBooks, type OpenedBooks } from "../../../coordinator/admin/open-books.ts";
import { readCoordinatorConfig, type CoordinatorConfig } from "../../../coordinator/config.ts";
import { pendingMigrations } from "../../../coordinator/migrations/migrate.ts";
import { readRunFile } from "../../../host/run-file.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import type { CommandContext } from "../../context.ts";
import { again } from "../../typed-command.ts";

/** As the coordinator on this machine reads them. @throws TroopError `usage` where another one is meant */
export function coordinatorSettings(context: CommandContext): CoordinatorConfig {
  const { environment, config, elsewhere } = context;
  if (elsewhere)
    throw new TroopError("usage", "That is done on the coordinator's own machine, without --url.");
  return readCoordinatorConfig(environment, { dataFolder: join(config.dataFolder, "coordinator") });
}

/**
 * @param mayCreate whether there may be no books yet
 * @throws TroopError `data_folder_locked`, `data_folder_invalid`, `database_unreachable`
 */
export async function openBooksHere(
  context: CommandContext,
  mayCreate = false,
): Promise<OpenedBooks> {
  try {
    return await openBooks(coordinatorSettings(context), context.log, mayCreate);
  } catch (error) {
    if (!(error instanceof TroopError) || error.code !== "data_folder_locked") throw error;
    const running = readRunFile(context.config.dataFolder, "coordinator");
    throw new TroopError(
      error.code,
      `${error.message} The embedded database belongs to one process: stop the coordinator first, or keep the books in PostgreSQL.`,
      { cause: error, details: { run: running ? `troop down coordinator && ${again}` : again } },
    );
  }
}

/** As `openBooksHere`, and up to date. @throws TroopError also `configuration_invalid` where they are not */
export async function openCurrentBooks(context: CommandContext): Promise<OpenedBooks> {
  const books = await openBooksHere(context);
  const pending = await pendingMigrations(books.database);
  if (pending.length === 0) return books;
  await books[Symbol.asyncDispose]();
  throw new TroopError(
    "configuration_invalid",
    `The database lacks migrations: ${pending.join(", ")}.`,
    { details: { run: "troop admin migrate up" } },
  );
}
