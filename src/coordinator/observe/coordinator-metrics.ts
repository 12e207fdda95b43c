/** What a coordinator measures of its network. Sums over the books are the same at every replica, and kept for a minute. */
import type { Clock } from "../../base/clock.ts";
import { type Metrics, remembered } from "../../host/observe/metrics.ts";
import type { Micro } from "../../protocol/credits.ts";
import { runUntil } from "../call-scope.ts";
import type { Database } from "../database.ts";
import type { Counters } from "../jobs/counters.ts";
import { poolUse } from "../pool-use.ts";
import type { Leases } from "../registry/leases.ts";
import { readCreditSums, readOpenHolds, readVerdictCounts } from "./books-store.ts";
import { censusOf } from "./census.ts";

export interface CoordinatorMetricsParts {
  clock: Clock;
  metrics: Metrics;
  database: Database;
  leases: Pick<Leases, "live">;
  counters: Readonly<Counters>;
}

const keptMs = 60_000;
const microPerCredit = 1_000_000;

/** For a chart; nobody reckons with it. */
const creditsOf = (amount: Micro): number => Number(amount) / microPerCredit;

export function measureCoordinator(parts: CoordinatorMetricsParts): void {
  const { clock, metrics, database, leases, counters } = parts;
  const kept = <Value>(read: () => Promise<Value>) =>
    // Whoever asked first may hang up, or be told without it: others wait for the same answer.
    remembered(clock, keptMs, () => runUntil(new AbortController().signal, read));
  const sums = kept(() => readCreditSums(database));
  const holds = kept(() => readOpenHolds(database));
  const verdicts = kept(() => readVerdictCounts(database));
  const census = async () => {
    const now = clock.now();
    return censusOf(await leases.live(now), now);
  };

  // Before the others, which wait for connections themselves.
  metrics.gauge("troop_database_connections", "Connections to PostgreSQL, by state.", () =>
    Object.entries(poolUse(database) ?? {}).map(([state, value]) => ({ labels: { state }, value })),
  );
  metrics.gauge("troop_credits", "Credits on accounts, by their kind.", async () =>
    (await sums()).map(({ kind, posted }) => ({ labels: { kind }, value: creditsOf(posted) })),
  );
  metrics.gauge("troop_credits_reserved", "Credits that open holds reserve.", async () => [
    { value: creditsOf((await holds()).reserved) },
  ]);
  metrics.gauge("troop_holds_open", "Holds that are open.", async () => [
    { value: Number((await holds()).holds) },
  ]);
  metrics.gauge("troop_verdicts", "Verdicts on hardware on record, by outcome.", async () =>
    (await verdicts()).map(({ outcome, verdicts: count }) => ({
      labels: { outcome },
      value: Number(count),
    })),
  );
  metrics.gauge("troop_nodes_live", "Nodes that are alive, by what they do.", async () =>
    [...(await census()).nodes].map(([status, value]) => ({ labels: { status }, value })),
  );
  metrics.gauge("troop_models_offered", "Names of models that are offered.", async () => [
    { value: (await census()).models },
  ]);
  metrics.total("troop_ledger_audits_total", "Audits of the books that came to an end.", () => [
    { value: counters.audits },
  ]);
  metrics.total("troop_ledger_offences_total", "Rows that those audits found unsound.", () => [
    { value: counters.offences },
  ]);
}
