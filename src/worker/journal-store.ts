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
  `);
  const insert = sqlite.prepare(
    "insert into journal (hold, k, secret, started) values (?, ?, ?, ?)",
  );
  const settle = sqlite.prepare("update journal set cost = ?, free = ? where hold = ? and k = ?");
  const rowsOf = sqlite.prepare("select k, cost, free from journal where hold = ? order by k");
  const unsettled = sqlite.prepare(
    "select hold, k, secret, started from journal where cost is null order by started",
  );
  const prune = sqlite.prepare("delete from journal where started < ? and cost is not null");
  return {
    insert: ({ hold, k, secret, started }) => void insert.run(hold, k, secret, started),
    settle: (hold, k, cost, isFree) => void settle.run(cost, isFree ? 1 : 0, hold, k),
    rowsOf: (hold) =>
      (rowsOf.all(hold) as { k: number; cost: string | null; free: number }[]).map(
        ({ k, cost, free }) => ({ k, cost, isFree: free === 1 }),
      ),
    unsettled: () => unsettled.all() as unknown as JournalRow[],
    prune: (time) => Number(prune.run(time).changes),
  };
}
