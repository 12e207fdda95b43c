/** A role's own SQLite file. Writes survive SIGKILL at once, and a power cut from the next `sync` on. */
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { TroopError } from "../protocol/error-codes.ts";

export interface LocalDatabase extends Disposable {
  readonly sqlite: DatabaseSync;
  /** Runs `work` in one transaction. */
  transaction<Result>(work: () => Result): Result;
  /** Forces what was written onto the disk. */
  sync(): void;
}

/** @param file name inside `folder`, or `":memory:"` with an empty folder for tests */
export function openLocalDatabase(folder: string, file: string): LocalDatabase {
  const sqlite = open(file === ":memory:" ? file : join(folder, file));
  const begin = sqlite.prepare("begin immediate");
  const commit = sqlite.prepare("commit");
  return {
    sqlite,
    transaction(work) {
      begin.run();
      try {
        const result = work();
        commit.run();
        return result;
      } catch (error) {
        sqlite.exec("rollback");
        throw error;
      }
    },
    sync: () => sqlite.exec("pragma wal_checkpoint(full)"),
    [Symbol.dispose]: () => sqlite.close(),
  };
}

function open(path: string): DatabaseSync {
  try {
    // Made by us, so that it is its owner's only, as are then the files that SQLite puts beside it.
    if (path !== ":memory:") closeSync(openSync(path, "a", 0o600));
    const sqlite = new DatabaseSync(path);
    // In WAL mode with synchronous=normal a killed process loses nothing; only the checkpoint waits for the disk.
    sqlite.exec(
      "pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = 5000",
    );
    return sqlite;
  } catch (error) {
    throw new TroopError("data_folder_invalid", `${path} is not a database that can be opened.`, {
      cause: error,
    });
  }
}
