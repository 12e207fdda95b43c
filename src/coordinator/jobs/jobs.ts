/** What the coordinator does by itself: expiring holds, vesting, filling the faucet, and noting that it is alive. */
import type { Clock } from "../../base/clock.ts";
import { startLoop } from "../../base/loop.ts";
import type { Random } from "../../base/random.ts";
import type { Log } from "../../host/log.ts";
import { isGone } from "../out-of-reach.ts";
import type { PassOver } from "../ledger/holds.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { DueRequest } from "../ledger/vesting-store.ts";
import type { Registry } from "../registry/registry.ts";
import { recoveryAt } from "./recovery.ts";
import type { Job, ServiceStore } from "./service-store.ts";
import { createUnusedHolds } from "./unused-holds.ts";

type JobsLedger = Pick<
  Ledger,
  "refill" | "vest" | "findUnusedHolds" | "releaseUnused" | "expireHolds"
>;

export interface JobsOptions {
  service: ServiceStore;
  ledger: JobsLedger;
  registry: Pick<Registry, "runningHolds">;
  clock: Clock;
  random: Random;
  log: Log;
  /** Without it ten seconds: nobody waits for these jobs to the second. */
  intervalMs?: number;
  /** Everything that was due by then has been dealt with. */
  onSwept?: (now: number) => Promise<void>;
  /** The books cannot be reached: told with every attempt. */
  onOutOfReach?: () => void;
  /** Has one coordinator of all sweep; without it every one does. */
  takeTurn?: (now: number, work: () => Promise<void>) => Promise<unknown>;
}

const usualIntervalMs = 10_000;
/** Dealing with what is due. Whoever has not done with it by then is joined by another, to no harm. */
export const sweeping: Job = { name: "sweep", everyMs: usualIntervalMs, patienceMs: 60_000 };
/** A clock that is so far ahead of the database's is worth a word. */
const skewMs = 60_000;

/** Prepares the books for service, then works until disposed. */
export async function startJobs(options: JobsOptions): Promise<AsyncDisposable> {
  const { service, ledger, registry, clock, random, log, onSwept } = options;
  const { takeTurn = (_now, work) => work() } = options;
  const { intervalMs = usualIntervalMs, onOutOfReach } = options;
  const stop = new AbortController();
  const releaseUnused = createUnusedHolds({ ledger, registry });
  let expireFrom = 0;
  /** When this coordinator last reached the books. */
  let lastReached: number | undefined;

  /**
   * Somebody could not reach the books: nobody may lose by it. Holds wait here for what this coordinator could not
   * take in; how long vesting stood still, only the books know, since other replicas may have been alive.
   */
  async function recover(): Promise<number> {
    const here = clock.now();
    const { now, lastAlive } = await service.resume(here);
    const { downMs } = recoveryAt(now, lastAlive);
    expireFrom = recoveryAt(now, lastReached ?? lastAlive).expireFrom;
    lastReached = now;
    if (downMs > 0) log.info({ downMs }, "the books were out of reach; vesting was paused");
    if (here - now > skewMs)
      log.warn({ aheadMs: here - now }, "this clock is ahead of the database's; jobs go by that");
    return now;
  }

  async function noteAlive(): Promise<number> {
    lastReached = await service.writeAlive(clock.now());
    return lastReached;
  }

  /** Each call takes one page. However many there are, nobody who starts meanwhile finds a gap. */
  async function vestAll(now: number, passOver: PassOver): Promise<void> {
    let after: DueRequest | undefined;
    do {
      const page = await ledger.vest(now, { passOver, after });
      after = page.last;
      if (after) await noteAlive();
    } while (after && !stop.signal.aborted);
  }

  async function sweep(now: number): Promise<void> {
    let isSwept = true;
    const failed = (job: string, error: unknown, hold?: string) => {
      isSwept = false;
      log.warn({ err: error, job, hold }, "one of the ledger's jobs failed; the others go on");
    };
    await alone("refill", () => ledger.refill(now), failed);
    await alone("vest", (passOver) => vestAll(now, passOver), failed);
    stop.signal.throwIfAborted();
    if (now >= expireFrom) {
      await alone("release unused", (passOver) => releaseUnused(now, passOver), failed);
      await noteAlive();
      await alone("expire", (passOver) => ledger.expireHolds(now, passOver), failed);
      if (isSwept) await onSwept?.(now);
    }
  }

  // Before anybody is let in: this start is on record, and the faucet is full.
  await ledger.refill(await recover());

  let hasFailed = false;
  const loop = startLoop({
    clock,
    random,
    signal: stop.signal,
    backoff: { firstMs: 1_000, ceilingMs: intervalMs },
    onFailure: (error) => {
      hasFailed = true;
      if (isGone(error)) onOutOfReach?.();
      log.warn({ err: error }, "the ledger's jobs failed; they are tried again");
    },
    round: async () => {
      // A round ends early only where the books cannot be reached, and a short gap costs nobody anything.
      const isOutage = hasFailed && recoveryAt(clock.now(), lastReached).downMs > 0;
      // All that a round does goes by this: a clock that is ahead ends nobody's day, and no hold.
      const now = isOutage ? await recover() : await noteAlive();
      hasFailed = false;
      await takeTurn(now, () => sweep(now));
      return intervalMs;
    },
  });
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await loop.ended;
    },
  };
}

type OnFailure = (job: string, error: unknown, hold?: string) => void;

/** What one job stumbles over stops no other. Without the books none can work, and the round ends. */
async function alone(
  job: string,
  work: (passOver: PassOver) => Promise<unknown>,
  failed: OnFailure,
): Promise<void> {
  try {
    await work((hold, error) => failed(job, error, hold));
  } catch (error) {
    if (isGone(error)) throw error;
    failed(job, error);
  }
}
