/**
 * Answers for requests whose line never arrived: the node's receipt may have reached the coordinator all the same,
 * and shows in the account's history as vesting. Without our word it would be paid a day later, whatever it says.
 */
import type { Clock } from "../../base/clock.ts";
import { startLoop } from "../../base/loop.ts";
import type { Random } from "../../base/random.ts";
import type { CoordinatorClient } from "../../host/coordinator-client.ts";
import type { LocalDatabase } from "../../host/local-database.ts";
import type { Log } from "../../host/log.ts";
import type { Outbox } from "../../host/outbox.ts";
import { transactionsAnswer } from "../../protocol/endpoints.ts";
import { requestName } from "../../protocol/ids.ts";
import { limits } from "../../protocol/limits.ts";
import type { Signer } from "../../protocol/signature.ts";
import { chargeIn, type Finding, findingOf, type OpenRecord, wordOn } from "./reconcile-rules.ts";
import type { RecordsStore } from "./records-store.ts";
import type { Spending } from "../spending/spending.ts";

export interface ReconcileParts {
  database: LocalDatabase;
  records: RecordsStore;
  spending: Pick<Spending, "learned">;
  outbox: Outbox;
  coordinator: CoordinatorClient;
  account: Signer;
  clock: Clock;
  random: Random;
  log: Log;
}

/** A receipt vests for a day; this is soon enough, and costs a call only where a line is missing. */
const intervalMs = 300_000;
const backoff = { firstMs: 10_000, ceilingMs: intervalMs };
/** Of the history, 10,000 entries a round; what is older then is paid by the day's rule. */
const pagesMost = 50;
const recordsMost = 1_000;

/** Runs until `signal` aborts. Called before the first request of this process is begun. */
export function runReconciliation(parts: ReconcileParts, signal: AbortSignal): Promise<void> {
  const { database, records, spending, outbox, coordinator, account, clock, random, log } = parts;
  const { time } = coordinator;
  const begunAt = clock.monotonic();
  /** Until when a record's line was looked for in vain, coordinator time in ms. */
  const looked = new Map<string, number>();
  const grace = new Map<string, number>();
  records.markLost();

  function conclude(record: OpenRecord, finding: Finding): void {
    const { hold, k } = record;
    looked.delete(requestName(hold, k));
    if (finding.kind === "over") return records.conclude(hold, k, "over");
    const restartedAt = time.now() - (clock.monotonic() - begunAt);
    const left = grace.get(hold) ?? limits.acknowledgedTokensGrace;
    const { line, tokensGraceUsed } = wordOn(record, finding, restartedAt, left);
    grace.set(hold, left - tokensGraceUsed);
    database.transaction(() => {
      records.conclude(hold, k, line.verdict);
      outbox.add(hold, line);
    });
    log.info({ hold, k, verdict: line.verdict }, "acknowledged from the history");
  }

  /** Newest first, back to where every open record has been looked for before. */
  async function readBack(open: Map<string, OpenRecord>, horizon: number): Promise<void> {
    let cursor: string | null = null;
    for (let page = 0; page < pagesMost; page += 1) {
      const { transactions, next_cursor }: Page = await coordinator.call({
        method: "GET",
        path: `/users/${account.id}/transactions`,
        query: { limit: String(limits.pageMost), ...(cursor ? { cursor } : {}) },
        answer: transactionsAnswer,
        signer: account,
        signal,
      });
      for (const entry of transactions) {
        const record = open.get(entry.id);
        if (!record) continue;
        conclude(record, findingOf(entry));
        const charge = chargeIn(entry);
        if (charge !== undefined) spending.learned(record.hold, record.k, charge);
      }
      const oldest = transactions.at(-1)?.created_at ?? 0;
      if (!next_cursor || oldest < horizon) return;
      cursor = next_cursor;
    }
  }

  return startLoop({
    ...{ clock, random, signal, backoff },
    round: async () => {
      const open = new Map(
        records.open(recordsMost).map((record) => [requestName(record.hold, record.k), record]),
      );
      if (open.size === 0) return intervalMs;
      const since = [...open].map(([name, { started }]) => looked.get(name) ?? started);
      const roundAt = time.now();
      await readBack(open, Math.min(...since) - limits.clockSkewMs);
      looked.clear();
      grace.clear();
      for (const name of open.keys()) looked.set(name, roundAt);
      return intervalMs;
    },
    onFailure: (error) => log.warn({ err: error }, "missing lines cannot be looked for"),
  }).ended;
}

type Page = ReturnType<typeof transactionsAnswer.parse>;
