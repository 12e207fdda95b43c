/** The database, opened by an operator's command instead of a coordinator. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { lockFolder } from "../../host/folder-lock.ts";
import { ensureFolder } from "../../host/folders.ts";
import type { Log } from "../../host/log.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { CoordinatorConfig } from "../config.ts";
import { openDatabase, type Database } from "../database.ts";

export type BooksConfig = Pick<CoordinatorConfig, "databaseUrl" | "dataFolder">;

export interface OpenedBooks extends AsyncDisposable {
  database: Database;
}

/** One command at a time. */
const poolSize = 2;

/**
 * Opens the books. The embedded database belongs to one process: while a coordinator has it, nobody else may.
 * @param mayCreate whether a folder without books gets empty ones
 * @throws TroopError `data_folder_locked`, `data_folder_invalid`, `database_unreachable`
 */
export async function openBooks(
  { databaseUrl: url, dataFolder }: BooksConfig,
  log: Log,
  mayCreate = false,
): Promise<OpenedBooks> {
  await using resources = new AsyncDisposableStack();
  const folder = join(dataFolder, "db");
  if (!url) {
    if (!mayCreate && !existsSync(folder))
      throw new TroopError("data_folder_invalid", `There are no books in ${dataFolder}.`);
    resources.use(lockFolder(ensureFolder(dataFolder), "coordinator"));
  }
  const database = resources.adopt(await openDatabase({ url, folder, poolSize }, log), (opened) =>
    opened.destroy(),
  );
  const owned = resources.move();
  return { database, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
