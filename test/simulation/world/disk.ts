/**
 * A machine's disk: SQLite in memory and a file beside it, whose finished writes outlive the process, and in which
 * every touch may be its last. How the two work together is the production code's.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { AppendFile } from "../../../src/host/append-file.ts";
import { createLocalDatabase, type LocalDatabase } from "../../../src/host/local-database.ts";
import type { Sql, SqlStatement } from "../../../src/host/write-ahead-store.ts";
import type { Process } from "./machine.ts";

export interface Disk {
  /** The database as one process has it open. */
  mount(process: Process): LocalDatabase;
  /** Lines in its outbox; looking is no touch. */
  waitingLines(): number;
  /** Empties it for another world. */
  wipe(): void;
}

const countLines = "select count(*) as count from outbox_line";
/** Of touching: the process may end there. */
type Touch = (point: string) => void;

export function createDisk(): Disk {
  const sqlite = new DatabaseSync(":memory:");
  const prepared = new Map<string, StatementSync>();
  const tables = new Set<string>();
  let beside = Buffer.alloc(0);
  let mounted: { process: Process; database: LocalDatabase } | undefined;
  let isLooking = false;

  function prepare(text: string): StatementSync {
    const known = prepared.get(text);
    if (known) return known;
    const statement = sqlite.prepare(text);
    prepared.set(text, statement);
    return statement;
  }

  function sqlOf(touchAt: Touch): Sql {
    let isOpen = false;
    // Within a transaction nothing is durable before its end: one place to die before it is enough.
    const touch: Touch = (point) => {
      if (!isOpen) touchAt(point);
    };
    function bound(text: string): SqlStatement["run"] | undefined {
      if (text === "begin immediate")
        return () => {
          touch("begin");
          sqlite.exec(text);
          isOpen = true;
          return { changes: 0 };
        };
      if (text !== "commit") return undefined;
      return () => {
        touchAt("commit");
        sqlite.exec(text);
        isOpen = false;
        touch("committed");
        return { changes: 0 };
      };
    }
    return {
      exec(text) {
        if (text === "rollback") {
          if (isOpen) sqlite.exec(text);
          isOpen = false;
          return;
        }
        touch("disk");
        if (text.startsWith("pragma")) return;
        for (const [, name] of text.matchAll(/create table if not exists (\w+)/g))
          tables.add(name!);
        sqlite.exec(text);
      },
      prepare(text) {
        const ofTransaction = bound(text);
        const statement = prepare(text);
        return {
          run(...values) {
            if (ofTransaction) return ofTransaction();
            touch("write");
            const result = statement.run(...values);
            touch("written");
            return result;
          },
          get(...values) {
            touch("read");
            return statement.get(...values);
          },
          all(...values) {
            touch("read");
            return statement.all(...values);
          },
        };
      },
    };
  }

  const fileOf = (touch: Touch): AppendFile => {
    let end = beside.length;
    const keep = (bytes: Uint8Array) => {
      beside = Buffer.concat([beside.subarray(0, end), bytes]);
    };
    return {
      read: () => beside,
      append(bytes) {
        touch("append");
        keep(bytes.subarray(0, bytes.length / 2));
        touch("torn");
        keep(bytes);
        touch("appended");
        end = beside.length;
      },
      clear() {
        touch("clear");
        beside = Buffer.alloc(0);
        end = 0;
        touch("cleared");
      },
      [Symbol.dispose]: () => {},
    };
  };

  const openWith = (touch: Touch): LocalDatabase =>
    createLocalDatabase(sqlOf(touch), fileOf(touch), () => {});

  function look<Result>(act: () => Result): Result {
    isLooking = true;
    try {
      return act();
    } finally {
      isLooking = false;
    }
  }

  return {
    mount(process) {
      const touch: Touch = (point) => {
        if (!isLooking) process.reach(point);
      };
      const database = openWith(touch);
      mounted = { process, database };
      return database;
    },
    waitingLines: () =>
      look(() => {
        if (!tables.has("outbox_line")) return 0;
        // What a dead process had in mind counts for nothing: whoever starts next reads the file.
        const database = mounted?.process.isAlive ? mounted.database : openWith(() => {});
        return Number(database.sqlite.prepare(countLines).get()!["count"]);
      }),
    wipe() {
      for (const name of tables) sqlite.exec(`delete from ${name}`);
      beside = Buffer.alloc(0);
      mounted = undefined;
    },
  };
}
