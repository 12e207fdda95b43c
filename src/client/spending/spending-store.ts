/**
 * What was spent, in the client's own file: each request of the last day, so that what it cost can be corrected, and
 * of those that are over sums by the minute, application and model, so that caps cost little to check.
 */
import type { LocalDatabase } from "../../host/local-database.ts";
import type { Micro } from "../../protocol/credits.ts";
import { minuteOf, type Minute } from "./caps.ts";
import { lostCost } from "./estimate.ts";

export interface Purchase {
  hold: string;
  k: number;
  /** Name of the application's key; "" where it has none. */
  application: string;
  model: string;
  /** ms */
  at: number;
  /** Set aside for it while it runs. */
  reserve: Micro;
  /** The most that it may cost, and what a second of it does. */
  most: Micro;
  perSecond: Micro;
}

/** Micro-credits by application and model. */
export interface Share {
  application: string;
  model: string;
  micro: Micro;
}

export interface SpendingStore {
  /** Before it is sent. */
  begin(purchase: Purchase): void;
  /** It is over. */
  finish(purchase: Purchase, cost: Micro): void;
  /** It was not sent: nothing is left of it. */
  forget(hold: string, k: number): void;
  /** What one that is over really cost. Nothing happens where it is not known any more. */
  correct(hold: string, k: number, cost: Micro): void;
  /** What a former process left running may have cost the most that it could until now. @param lastedGraceMs on top */
  settleLost(now: number, lastedGraceMs: number): void;
  /** Drops what counts no more. @param first the oldest minute that still does */
  prune(first: number): void;
  /** Of those that are over, from a minute on, by one application or by all. */
  spent(first: number, application?: string): Micro;
  /** Set aside for what runs. */
  running(application?: string): Micro;
  /** Of those that are over, oldest first. */
  minutes(first: number, application?: string): Minute[];
  /** Of all. */
  shares(first: number): Share[];
}

interface PurchaseRow {
  hold: string;
  k: number;
  application: string;
  model: string;
  at: number;
  micro: string;
  most: string;
  per_second: string;
}

const schema = `
  create table if not exists spending (
    hold text not null, k integer not null, application text not null, model text not null, at integer not null,
    micro integer not null, most integer not null, per_second integer not null, is_running integer not null,
    primary key (hold, k)
  ) strict, without rowid;
  create index if not exists spending_at on spending (at);
  create index if not exists spending_running on spending (application) where is_running = 1;
  create table if not exists spending_minute (
    minute integer not null, application text not null, model text not null, micro integer not null,
    primary key (minute, application, model)
  ) strict, without rowid;
`;

// As text, because an amount may be more than a number holds exactly.
const sum = "cast(coalesce(sum(micro), 0) as text) as micro";
const both = (application: string | undefined) => [application ?? null, application ?? null];
const mine = "(? is null or application = ?)";

export function createSpendingStore({ sqlite, transaction }: LocalDatabase): SpendingStore {
  sqlite.exec(schema);
  const insert = sqlite.prepare(
    "insert or replace into spending values (?, ?, ?, ?, ?, ?, ?, ?, 1)",
  );
  const update = sqlite.prepare(
    "update spending set micro = ?, is_running = 0 where hold = ? and k = ?",
  );
  const remove = sqlite.prepare("delete from spending where hold = ? and k = ? and is_running = 1");
  const columns = `hold, k, application, model, at, cast(micro as text) as micro, cast(most as text) as most,
    cast(per_second as text) as per_second`;
  const find = sqlite.prepare(
    `select ${columns} from spending where hold = ? and k = ? and is_running = 0`,
  );
  const leftRunning = sqlite.prepare(`select ${columns} from spending where is_running = 1`);
  const add = sqlite.prepare(
    `insert into spending_minute values (?, ?, ?, ?)
     on conflict (minute, application, model) do update set micro = micro + excluded.micro`,
  );
  const removeOld = sqlite.prepare("delete from spending where at < ? and is_running = 0");
  const removeMinutes = sqlite.prepare("delete from spending_minute where minute < ?");
  const sumSince = sqlite.prepare(
    `select ${sum} from spending_minute where ${mine} and minute >= ?`,
  );
  const sumRunning = sqlite.prepare(`select ${sum} from spending where ${mine} and is_running = 1`);
  const byMinute = sqlite.prepare(
    `select minute, ${sum} from spending_minute where ${mine} and minute >= ?
     group by minute order by minute`,
  );
  const byShare = sqlite.prepare(
    `select application, model, ${sum} from (
       select application, model, micro from spending_minute where minute >= ?
       union all select application, model, micro from spending where is_running = 1
     ) group by application, model having sum(micro) > 0 order by application, model`,
  );

  const microOf = (row: unknown): Micro => BigInt((row as { micro: string }).micro);

  function end(
    { hold, k, at, application, model }: PurchaseRow | Purchase,
    cost: Micro,
    former = 0n,
  ): void {
    update.run(cost, hold, k);
    if (cost !== former) add.run(minuteOf(at), application, model, cost - former);
  }

  return {
    begin({ hold, k, application, model, at, reserve, most, perSecond }) {
      insert.run(hold, k, application, model, Math.floor(at), reserve, most, perSecond);
    },
    finish: (purchase, cost) => transaction(() => end(purchase, cost)),
    forget: (hold, k) => void remove.run(hold, k),
    correct: (hold, k, cost) =>
      transaction(() => {
        const row = find.get(hold, k) as PurchaseRow | undefined;
        if (row) end(row, cost, BigInt(row.micro));
      }),
    settleLost: (now, lastedGraceMs) =>
      transaction(() => {
        for (const row of leftRunning.all() as unknown as PurchaseRow[]) {
          const lastedMs = now - row.at + lastedGraceMs;
          end(row, lostCost(BigInt(row.most), BigInt(row.per_second), lastedMs));
        }
      }),
    prune: (first) =>
      transaction(() => {
        removeMinutes.run(first);
        removeOld.run(first * 60_000);
      }),
    spent: (first, application) => microOf(sumSince.get(...both(application), first)),
    running: (application) => microOf(sumRunning.get(...both(application))),
    minutes: (first, application) =>
      byMinute.all(...both(application), first).map((row) => ({
        minute: Number(row["minute"]),
        micro: microOf(row),
      })),
    shares: (first) =>
      byShare.all(first).map((row) => ({
        application: String(row["application"]),
        model: String(row["model"]),
        micro: microOf(row),
      })),
  };
}
