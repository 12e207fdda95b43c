/** Rows of an outbox: lines that wait to be signed, and signed statements that wait to be accepted. */
import { limits } from "../protocol/limits.ts";
import type { LocalDatabase } from "./local-database.ts";

export interface OutboxLine {
  hold: string;
  k: number;
  /** JSON of the line. */
  line: string;
}

export interface OutboxStatement {
  id: number;
  hold: string;
  jws: string;
}

export interface OutboxStore {
  /** Adds a line unless one for the same request is there; the first stands. */
  add(line: OutboxLine): void;
  /** Lines of one hold that no statement holds yet, oldest hold first. */
  unsigned(): { hold: string; lines: string[]; ks: number[] } | undefined;
  addStatement(hold: string, ks: number[], jws: string): void;
  /** Oldest first, after `afterId`, as many as fit one call. */
  unsent(afterId: number): OutboxStatement[];
  finish(statementId: number): void;
  /** Takes a statement back: its lines wait to be signed again. */
  unsign(statementId: number): void;
  pending(): number;
}

/** By its hold, which the primary key begins with: each further index would be one more write for every line. */
const ofStatement = "hold = (select hold from outbox_statement where id = ?1) and statement = ?1";

export function createOutboxStore({ sqlite, transaction }: LocalDatabase): OutboxStore {
  sqlite.exec(`
    create table if not exists outbox_statement (id integer primary key, hold text not null, jws text not null) strict;
    create table if not exists outbox_line (
      hold text not null, k integer not null, line text not null,
      statement integer, primary key (hold, k)
    ) strict;
  `);
  const insertLine = sqlite.prepare(
    "insert into outbox_line (hold, k, line) values (?, ?, ?) on conflict do nothing",
  );
  const firstUnsigned = sqlite.prepare(
    "select hold from outbox_line where statement is null order by rowid limit 1",
  );
  const unsignedOf = sqlite.prepare(
    "select k, line from outbox_line where hold = ? and statement is null order by k limit ?",
  );
  const insertStatement = sqlite.prepare(
    "insert into outbox_statement (hold, jws) values (?, ?) returning id",
  );
  const claimLine = sqlite.prepare("update outbox_line set statement = ? where hold = ? and k = ?");
  const unsentStatements = sqlite.prepare(
    "select id, hold, jws from outbox_statement where id > ? order by id limit ?",
  );
  const deleteLines = sqlite.prepare(`delete from outbox_line where ${ofStatement}`);
  const releaseLines = sqlite.prepare(
    `update outbox_line set statement = null where ${ofStatement}`,
  );
  const deleteStatement = sqlite.prepare("delete from outbox_statement where id = ?");
  const countPending = sqlite.prepare("select count(*) as count from outbox_line");
  return {
    add: ({ hold, k, line }) => void insertLine.run(hold, k, line),
    unsigned() {
      const first = firstUnsigned.get() as { hold: string } | undefined;
      if (!first) return undefined;
      const rows = unsignedOf.all(first.hold, limits.linesPerStatement) as {
        k: number;
        line: string;
      }[];
      return { hold: first.hold, lines: rows.map(({ line }) => line), ks: rows.map(({ k }) => k) };
    },
    addStatement: (hold, ks, jws) =>
      transaction(() => {
        const { id } = insertStatement.get(hold, jws) as { id: number };
        for (const k of ks) claimLine.run(id, hold, k);
      }),
    unsent: (afterId) =>
      unsentStatements.all(afterId, limits.statementsPerCall) as unknown as OutboxStatement[],
    finish: (statementId) =>
      transaction(() => {
        deleteLines.run(statementId);
        deleteStatement.run(statementId);
      }),
    unsign: (statementId) =>
      transaction(() => {
        releaseLines.run(statementId);
        deleteStatement.run(statementId);
      }),
    pending: () => (countPending.get() as { count: number }).count,
  };
}
