/** A machine's disk: SQLite in memory, whose committed writes outlive the process, and in which every touch may be its last. */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { LocalDatabase } from "../../../src/host/local-database.ts";
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

export function createDisk(): Disk {
  const sqlite = new DatabaseSync(":memory:");
  const prepared = new Map<string, StatementSync>();
  const tables = new Set<string>();

  function prepare(text: string): StatementSync {
    const known = prepared.get(text);
    if (known) return known;
    const statement = sqlite.prepare(text);
    prepared.set(text, statement);
    return statement;
  }

  return {
    mount(process) {
      let isOpen = false;
      // Within a transaction nothing is durable before its end: one place to die before it is enough.
      const touch = (point: string) => {
        if (!isOpen) process.reach(point);
      };
      const guarded = {
        exec(text: string) {
          touch("disk");
          for (const [, name] of text.matchAll(/create table if not exists (\w+)/g))
            tables.add(name!);
          sqlite.exec(text);
        },
        prepare(text: string) {
          const statement = prepare(text);
          type Values = Parameters<StatementSync["run"]>;
          return {
            run(...values: Values) {
              touch("write");
              const result = statement.run(...values);
              touch("written");
              return result;
            },
            get(...values: Values) {
              touch("read");
              return statement.get(...values);
            },
            all(...values: Values) {
              touch("read");
              return statement.all(...values);
            },
          };
        },
      };
      return {
        sqlite: guarded as unknown as DatabaseSync,
        transaction(work) {
          process.reach("begin");
          sqlite.exec("begin immediate");
          isOpen = true;
          try {
            const result = work();
            process.reach("commit");
            sqlite.exec("commit");
            isOpen = false;
            process.reach("committed");
            return result;
          } catch (error) {
            if (isOpen) sqlite.exec("rollback");
            throw error;
          } finally {
            isOpen = false;
          }
        },
        sync: () => process.reach("sync"),
        [Symbol.dispose]: () => {},
      };
    },
    waitingLines: () =>
      tables.has("outbox_line") ? Number(prepare(countLines).get()!["count"]) : 0,
    wipe() {
      for (const name of tables) sqlite.exec(`delete from ${name}`);
    },
  };
}
