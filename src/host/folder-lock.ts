/** One process per data folder. The lock is SQLite's own, so that it is freed when its holder is killed, unlike a pid file. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { TroopError } from "../protocol/error-codes.ts";
import { fileHolder } from "./port-holder.ts";

/** SQLITE_BUSY */
const busy = 5;

/**
 * Holds `folder` until disposed.
 * @param role names the lock: different roles may share a folder
 * @throws TroopError `data_folder_locked`, `data_folder_invalid`
 */
export function lockFolder(folder: string, role: string): Disposable {
  const path = join(folder, `${role}.lock`);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    database.exec("pragma busy_timeout = 0; begin exclusive");
  } catch (error) {
    database?.close();
    // Anything else, such as a file that is no database, is not somebody holding the lock.
    if ((error as { errcode?: number }).errcode === busy) {
      const holder = fileHolder(path);
      throw new TroopError(
        "data_folder_locked",
        `Another ${role} already uses ${folder}${holder ? `: ${holder}` : ""}.`,
      );
    }
    throw new TroopError("data_folder_invalid", `The lock ${path} cannot be used.`, {
      cause: error,
    });
  }
  const held = database;
  return { [Symbol.dispose]: () => held.close() };
}
