/** Rows about requesters: whom the owner blocked, whom they reported, and what each spent today where that is capped. */
import type { LocalDatabase } from "../../host/local-database.ts";
import type { Micro } from "../../protocol/credits.ts";

export interface Report {
  hold: string;
  /** Null where the worker did not remember whose it was. */
  requester: string | null;
  reason: string;
  /** ms UTC */
  at: number;
}

/** A file of its own: the commands of an owner whose worker does not run write into it too. */
export const guestsFile = "guests.sqlite";

export interface GuestsStore {
  /** Whoever was blocked last comes last. */
  blocked(): string[];
  block(requester: string, at: number): void;
  /** False where it was not blocked. */
  unblock(requester: string): boolean;
  /** The last word on a hold stands. */
  report(report: Report): void;
  reports(): Report[];
  spent(requester: string, day: number): Micro;
  /** Adds to what was spent on that day, and forgets the days before. */
  addSpent(requester: string, day: number, amount: Micro): void;
}

export function createGuestsStore({ sqlite, transaction }: LocalDatabase): GuestsStore {
  sqlite.exec(`
    create table if not exists blocked (requester text primary key, at integer not null) strict;
    create table if not exists report (
      hold text primary key, requester text, reason text not null, at integer not null
    ) strict;
    create table if not exists spent (
      requester text not null, day integer not null, amount text not null,
      primary key (requester, day)
    ) strict, without rowid;
  `);
  const list = sqlite.prepare("select requester from blocked order by at, requester");
  const insert = sqlite.prepare("insert into blocked values (?, ?) on conflict do nothing");
  const remove = sqlite.prepare("delete from blocked where requester = ?");
  const keep = sqlite.prepare("insert or replace into report values (?, ?, ?, ?)");
  const reported = sqlite.prepare("select hold, requester, reason, at from report order by at");
  const sum = sqlite.prepare("select amount from spent where requester = ? and day = ?");
  const setSum = sqlite.prepare("insert or replace into spent values (?, ?, ?)");
  const forget = sqlite.prepare("delete from spent where day < ?");
  const spent = (requester: string, day: number): Micro => {
    const row = sum.get(requester, day) as { amount: string } | undefined;
    return BigInt(row?.amount ?? 0);
  };
  return {
    blocked: () => (list.all() as { requester: string }[]).map(({ requester }) => requester),
    block: (requester, at) => void insert.run(requester, at),
    unblock: (requester) => Number(remove.run(requester).changes) > 0,
    report: ({ hold, requester, reason, at }) => void keep.run(hold, requester, reason, at),
    reports: () => (reported.all() as unknown as Report[]).map((row) => ({ ...row })),
    spent,
    addSpent: (requester, day, amount) =>
      transaction(() => {
        forget.run(day);
        setSum.run(requester, day, String(spent(requester, day) + amount));
      }),
  };
}
