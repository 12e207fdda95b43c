/** Figures for everybody. They are sums, kept for a while, and silent where a sum would speak of a few people. */
import type { Clock } from "../../base/clock.ts";
import { remembered } from "../../host/observe/metrics.ts";
import { formatCredits } from "../../protocol/credits.ts";
import type { StatsAnswer } from "../../protocol/state-answers.ts";
import { runUntil } from "../call-scope.ts";
import type { Database } from "../database.ts";
import type { Leases } from "../registry/leases.ts";
import { type Activity, type CreditSum, readActivity, readCreditSums } from "./books-store.ts";
import { censusOf } from "./census.ts";

export interface StatsParts {
  clock: Clock;
  database: Database;
  leases: Pick<Leases, "live">;
}

/** People who must stand behind a figure: one of fewer could be told by what the others know of themselves. */
const fewest = 5n;
/** Two looks in a row say nothing of a single request. */
const keptMs = 10 * 60_000;
/** Anybody may ask: what just failed is not tried again for each of them. */
const failedMs = 60_000;
const step = 10n;
const dayMs = 24 * 60 * 60_000;
const microPerCredit = 1_000_000n;

/** @throws TroopError `ledger_unavailable` */
export function createStats({ clock, database, leases }: StatsParts): () => Promise<StatsAnswer> {
  const read = async (): Promise<StatsAnswer> => {
    const now = clock.now();
    const [live, activity, sums] = await Promise.all([
      leases.live(now),
      readActivity(database, now - (now % dayMs)),
      readCreditSums(database),
    ]);
    return {
      nodes: live.length,
      models: censusOf(live, now).models,
      requests_today: shownRequests(activity),
      credits_circulating: shownCredits(sums),
      as_of: now,
    };
  };
  // Whoever asked first may hang up: others wait for the same answer.
  const alone = () => runUntil(new AbortController().signal, read);
  return remembered(clock, keptMs, alone, failedMs);
}

export const shownRequests = ({ requests, requesters }: Activity): number | null =>
  requesters < fewest ? null : Number(requests - (requests % step));

export function shownCredits(sums: readonly CreditSum[]): string | null {
  const ofPeople = sums.filter(({ kind }) => kind === "user" || kind === "vesting");
  const people = ofPeople.find(({ kind }) => kind === "user")?.accounts ?? 0n;
  if (people < fewest) return null;
  const posted = ofPeople.reduce((sum, one) => sum + one.posted, 0n);
  return formatCredits(posted - (posted % microPerCredit));
}
