/** One process per data folder. The lock is SQLite's own, so that it is freed when its holder is killed, unlike a pid file. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { TroopError } from "../protocol/error-codes.ts";

/**
 * Holds `folder` until disposed.
 * @param role names the lock: different roles may share a folder
 * @throws TroopError `data_folder_locked`
 */
export function lockFolder(folder: string, role: string): Disposable {
  const database = new DatabaseSync(join(folder, `${role}.lock`));
  try {
    database.exec("pragma busy_timeout = 0; begin exclusive");
  } catch (error) {
    database.close();
    throw new TroopError("data_folder_locked", `Another ${role} already uses ${folder}.`, {
      cause: error,
    });
  }
  return { [Symbol.dispose]: () => database.close() };
}
