/** SQL of sums over the books, for metrics and for the public. */
import { sql } from "kysely";
import type { Micro } from "../../protocol/credits.ts";
import { reaching, type Database } from "../database.ts";

export interface CreditSum {
  /** Kind of account, or `issuance`: all that was ever minted. */
  kind: string;
  posted: Micro;
  held: Micro;
  /** Accounts that have any. */
  accounts: bigint;
}

/** Accounts that keep no balance of their own have the sum of their transfers. */
export async function readCreditSums(database: Database): Promise<CreditSum[]> {
  const { rows } = await reaching(() =>
    sql<CreditSum>`
      select kind, sum(posted)::bigint as posted, sum(held)::bigint as held,
        count(*) filter (where posted <> 0) as accounts
      from account where materialised group by kind
      union all
      select 'commons', coalesce(sum(case credit when 'commons' then amount else -amount end), 0)::bigint,
        0::bigint, 1::bigint
      from transfer where credit = 'commons' or debit = 'commons'
      union all
      select 'issuance', coalesce(sum(amount), 0)::bigint, 0::bigint, 1::bigint
      from transfer where debit = 'issuance'
    `.execute(database),
  );
  return rows;
}

export interface OpenHolds {
  holds: bigint;
  /** What they may still be charged. */
  reserved: Micro;
}

export async function readOpenHolds(database: Database): Promise<OpenHolds> {
  const { rows } = await reaching(() =>
    sql<OpenHolds>`
      select count(*) as holds, coalesce(sum(amount - captured), 0)::bigint as reserved
      from hold where state = 'open'
    `.execute(database),
  );
  return rows[0]!;
}

export async function readVerdictCounts(
  database: Database,
): Promise<{ outcome: string; verdicts: bigint }[]> {
  const { rows } = await reaching(() =>
    sql<{ outcome: string; verdicts: bigint }>`
      select outcome, count(*) as verdicts from hardware_verdict group by outcome
    `.execute(database),
  );
  return rows;
}

export interface Activity {
  requests: bigint;
  /** Accounts behind them. */
  requesters: bigint;
}

/** @param since coordinator time, ms */
export async function readActivity(database: Database, since: number): Promise<Activity> {
  const { rows } = await reaching(() =>
    sql<Activity>`
      select count(*) as requests, count(distinct account) as requesters
      from request where received_ms >= ${since}::bigint and state <> 'waiting'
    `.execute(database),
  );
  return rows[0]!;
}
