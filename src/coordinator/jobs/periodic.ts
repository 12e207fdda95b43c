/** What one coordinator of several does now and then: auditing the books every hour, fitting the tariff every day. */
import type { Clock } from "../../base/clock.ts";
import { startLoop } from "../../base/loop.ts";
import type { Random } from "../../base/random.ts";
import type { Log } from "../../host/log.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Prices } from "../ledger/prices.ts";
import type { Registry } from "../registry/registry.ts";
import type { Counters } from "./counters.ts";
import type { Job } from "./service-store.ts";

export interface PeriodicOptions {
  ledger: Pick<Ledger, "audit">;
  prices: Prices;
  registry: Pick<Registry, "list">;
  counters: Counters;
  /** Has one coordinator of all do it, once in a while. True where it was this one. */
  takeTurn: (job: Job, now: number, work: () => Promise<void>) => Promise<boolean>;
  clock: Clock;
  random: Random;
  log: Log;
}

const hourMs = 60 * 60_000;
/** A snapshot of all the books may take half an hour. */
const auditing: Job = { name: "audit", everyMs: hourMs, patienceMs: hourMs };
const fitting: Job = { name: "tariff", everyMs: 24 * hourMs, patienceMs: hourMs };
/** How long another coordinator's fit may go unnoticed. */
const lookEveryMs = 60_000;
/** Offences that are logged one by one; the rest are counted. */
const mostLogged = 20;

/** Works until disposed. It waits for nothing at its start: the coordinator serves meanwhile. */
export function startPeriodic(options: PeriodicOptions): AsyncDisposable {
  const { ledger, prices, registry, counters, takeTurn, clock, random, log } = options;

  async function audit(): Promise<void> {
    const offences = await ledger.audit();
    counters.audits += 1;
    counters.offences += offences.length;
    if (offences.length === 0) return;
    for (const offence of offences.slice(0, mostLogged))
      log.error({ offence }, "the books break an invariant");
    log.error({ offences: offences.length }, "the books are not sound: troop admin audit-ledger");
  }

  async function refit(now: number): Promise<void> {
    const { tariff } = await registry.list();
    await prices.refit(tariff, now);
    counters.tariffFits += 1;
  }

  const stop = new AbortController();
  const loop = startLoop({
    clock,
    random,
    signal: stop.signal,
    backoff: { firstMs: lookEveryMs, ceilingMs: hourMs },
    onFailure: (error) => log.warn({ err: error }, "the ledger's hourly jobs failed"),
    round: async () => {
      const now = clock.now();
      if (!(await takeTurn(fitting, now, () => refit(now)))) await prices.reload();
      await takeTurn(auditing, now, audit);
      return lookEveryMs;
    },
  });
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await loop.ended;
    },
  };
}
