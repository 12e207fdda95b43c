/**
 * A role's own SQLite file. Writes survive SIGKILL at once, and a power cut from the next `sync` on. Those that a
 * request waits for go ahead of it, into a file beside it.
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { assert } from "../base/error.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { type AppendFile, openAppendFile } from "./append-file.ts";
import { createWriteAhead, type Sql, type SqlValue, type Write } from "./write-ahead-store.ts";

export interface LocalDatabase extends Disposable {
  /** Knows all that was written, also what went ahead. */
  readonly sqlite: Sql;
  /** Runs `work` in one transaction. */
  transaction<Result>(work: () => Result): Result;
  /**
   * A statement of which each run survives the process as soon as it returns, but is run later, and must then succeed:
   * it may fail for want of disk, never for what is in the tables.
   */
  later(text: string): (...values: SqlValue[]) => void;
  /** All later statements of `work`, which reads nothing, or none. */
  together(work: () => void): void;
  /** Forces what was written onto the disk. */
  sync(): void;
}

/** @param file name inside `folder`, or `":memory:"` with an empty folder for tests */
export function openLocalDatabase(folder: string, file: string): LocalDatabase {
  const sqlite = open(file === ":memory:" ? file : join(folder, file));
  return createLocalDatabase(sqlite, undefined, () => sqlite.close());
}

/** As `openLocalDatabase`, for the one process that has the folder's lock: what it writes later goes ahead. */
export function openOwnDatabase(folder: string, file: string): LocalDatabase {
  const path = join(folder, file);
  const sqlite = open(path);
  const ahead = orUnusable(`${path}-ahead`, () => openAppendFile(`${path}-ahead`));
  return createLocalDatabase(sqlite, ahead, () => {
    sqlite.close();
    ahead[Symbol.dispose]();
  });
}

/** @param file where writes go ahead; without one they are not put off */
export function createLocalDatabase(
  sqlite: Sql,
  file: AppendFile | undefined,
  close: () => void,
): LocalDatabase {
  const begin = sqlite.prepare("begin immediate");
  const commit = sqlite.prepare("commit");
  let isOpen = false;
  let group: Write[] | undefined;

  function inTransaction<Result>(work: () => Result): Result {
    begin.run();
    isOpen = true;
    try {
      const result = work();
      commit.run();
      return result;
    } catch (error) {
      sqlite.exec("rollback");
      throw error;
    } finally {
      isOpen = false;
    }
  }
  const ahead = file && createWriteAhead(sqlite, file, inTransaction);
  const catchUp = () => {
    assert(group === undefined, "what is written together is not read meanwhile");
    if (!isOpen) ahead?.fold();
  };
  const transaction = <Result>(work: () => Result): Result => {
    catchUp();
    return inTransaction(work);
  };

  return {
    sqlite: {
      exec(text) {
        catchUp();
        sqlite.exec(text);
      },
      prepare(text) {
        const statement = sqlite.prepare(text);
        const caughtUp =
          <Result>(run: (...values: SqlValue[]) => Result) =>
          (...values: SqlValue[]): Result => {
            catchUp();
            return run(...values);
          };
        return {
          run: caughtUp((...values) => statement.run(...values)),
          get: caughtUp((...values) => statement.get(...values)),
          all: caughtUp((...values) => statement.all(...values)),
        };
      },
    },
    transaction,
    later(text) {
      const statement = sqlite.prepare(text);
      return (...values) => {
        if (!ahead || isOpen) statement.run(...values);
        else if (group) group.push({ text, values });
        else ahead.append([{ text, values }]);
      };
    },
    together(work) {
      if (!ahead || isOpen) return isOpen ? work() : transaction(work);
      const mine: Write[] = [];
      group = mine;
      try {
        work();
      } finally {
        group = undefined;
      }
      ahead.append(mine);
    },
    sync() {
      catchUp();
      sqlite.exec("pragma wal_checkpoint(full)");
    },
    [Symbol.dispose]() {
      try {
        ahead?.fold();
      } catch {
        // It is in the file, where the next start finds it.
      }
      close();
    },
  };
}

function open(path: string): DatabaseSync {
  return orUnusable(path, () => {
    const sqlite = new DatabaseSync(path);
    // In WAL mode with synchronous=normal a killed process loses nothing; only the checkpoint waits for the disk.
    sqlite.exec(
      "pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = 5000",
    );
    return sqlite;
  });
}

function orUnusable<Result>(path: string, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    throw new TroopError("data_folder_invalid", `${path} is not a database that can be opened.`, {
      cause: error,
    });
  }
}
