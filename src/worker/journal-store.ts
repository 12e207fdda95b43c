/** Rows of the journal: one per request that was admitted, before the engine heard of it. */
import type { LocalDatabase } from "../host/local-database.ts";

export interface JournalRow {
  hold: string;
  k: number;
  /** JSON of the revealed secret. */
  secret: string;
  /** Coordinator time, ms. */
  started: number;
}

export interface SettledRow {
  k: number;
  /** Credits as text; null while the request runs. */
  cost: string | null;
  isFree: boolean;
}

export interface JournalStore {
  insert(row: JournalRow): void;
  /** @param isFree true where the request was ended early and costs nothing for that reason */
  settle(hold: string, k: number, cost: string, isFree: boolean): void;
  rowsOf(hold: string): SettledRow[];
  unsettled(): JournalRow[];
  /** @param ends when the ticket ends, coordinator time in ms; the first one said stands */
  insertEnd(hold: string, ends: number): void;
  /** Holds that ended at `time` or before and have no unsettled row, those that ended first before the others. */
  endedBy(time: number, most: number): string[];
  removeEnd(hold: string): void;
  /** Forgets settled rows that started before `time`; returns how many. */
  prune(time: number): number;
}

export function createJournalStore({ sqlite }: LocalDatabase): JournalStore {
  sqlite.exec(`
    create table if not exists journal (
      hold text not null, k integer not null, secret text not null, started integer not null,
      cost text, free integer not null default 0, primary key (hold, k)
    ) strict, without rowid;
    create index if not exists journal_started on journal (started);
    create index if not exists journal_unsettled on journal (hold) where cost is null;
    create table if not exists hold_end (hold text primary key, ends integer not null) strict, without rowid;
    create index if not exists hold_end_ends on hold_end (ends);
  `);
  const insert = sqlite.prepare(
    "insert into journal (hold, k, secret, started) values (?, ?, ?, ?)",
  );
  const settle = sqlite.prepare("update journal set cost = ?, free = ? where hold = ? and k = ?");
  const rowsOf = sqlite.prepare("select k, cost, free from journal where hold = ? order by k");
  const unsettled = sqlite.prepare(
    "select hold, k, secret, started from journal where cost is null order by started",
  );
  const insertEnd = sqlite.prepare(
    "insert into hold_end (hold, ends) values (?, ?) on conflict do nothing",
  );
  const endedBy = sqlite.prepare(
    `select hold from hold_end where ends <= ? and not exists (
       select 1 from journal where journal.hold = hold_end.hold and journal.cost is null
     ) order by ends limit ?`,
  );
  const removeEnd = sqlite.prepare("delete from hold_end where hold = ?");
  const prune = sqlite.prepare("delete from journal where started < ? and cost is not null");
  return {
    insert: ({ hold, k, secret, started }) => void insert.run(hold, k, secret, started),
    settle: (hold, k, cost, isFree) => void settle.run(cost, isFree ? 1 : 0, hold, k),
    rowsOf: (hold) =>
      (rowsOf.all(hold) as { k: number; cost: string | null; free: number }[]).map(
        ({ k, cost, free }) => ({ k, cost, isFree: free === 1 }),
      ),
    unsettled: () => unsettled.all() as unknown as JournalRow[],
    insertEnd: (hold, ends) => void insertEnd.run(hold, ends),
    endedBy: (time, most) =>
      (endedBy.all(time, most) as { hold: string }[]).map(({ hold }) => hold),
    removeEnd: (hold) => void removeEnd.run(hold),
    prune: (time) => Number(prune.run(time).changes),
  };
}
