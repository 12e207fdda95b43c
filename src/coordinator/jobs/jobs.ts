/** What the coordinator does by itself: expiring holds, vesting, filling the faucet, and noting that it is alive. */
import type { Clock } from "../../base/clock.ts";
import { startLoop } from "../../base/loop.ts";
import type { Random } from "../../base/random.ts";
import type { Log } from "../../host/log.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Registry } from "../registry/registry.ts";
import { recoveryAt } from "./recovery.ts";
import type { ServiceStore } from "./service-store.ts";

type JobsLedger = Pick<
  Ledger,
  "refill" | "vest" | "findUnusedHolds" | "releaseUnused" | "expireHolds" | "postponeVesting"
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
}

const usualIntervalMs = 10_000;
/** A ticket that was never used is given back this long after its end. */
const unusedAfterMs = 60_000;

/** Prepares the books for service, then works until disposed. */
export async function startJobs(options: JobsOptions): Promise<AsyncDisposable> {
  const { service, ledger, registry, clock, random, log, onSwept } = options;
  const { intervalMs = usualIntervalMs } = options;
  const stop = new AbortController();
  let expireFrom = 0;
  let lastAlive = await service.readLastAlive();

  /** Somebody could not reach the books since `lastAlive`: nobody may lose by it. */
  async function recover(now: number): Promise<void> {
    const recovery = recoveryAt(now, lastAlive);
    expireFrom = recovery.expireFrom;
    if (recovery.downMs === 0) return;
    log.info({ downMs: recovery.downMs }, "the books were out of reach; vesting was paused");
    await ledger.postponeVesting(recovery.downMs);
  }

  /** Each call takes one batch. */
  async function vestAll(now: number, failed: OnFailure): Promise<void> {
    const passOver = (hold: string, error: unknown) => failed("vest", error, hold);
    while (!stop.signal.aborted && (await ledger.vest(now, passOver)) > 0);
  }

  async function noteAlive(now: number): Promise<void> {
    await service.writeAlive(now);
    lastAlive = now;
  }

  // Before anybody is let in: the faucet is full, and this start is on record.
  await recover(clock.now());
  await ledger.refill(clock.now());
  await noteAlive(clock.now());

  let hasFailed = false;
  const loop = startLoop({
    clock,
    random,
    signal: stop.signal,
    backoff: { firstMs: 1_000, ceilingMs: intervalMs },
    onFailure: (error) => {
      hasFailed = true;
      log.warn({ err: error }, "the ledger's jobs failed; they are tried again");
    },
    round: async () => {
      const now = clock.now();
      // A round ends early only where the books cannot be reached, and a short gap costs nobody anything.
      if (hasFailed && recoveryAt(now, lastAlive).downMs > 0) await recover(now);
      hasFailed = false;
      await noteAlive(now);
      let isSwept = true;
      const failed = (job: string, error: unknown, hold?: string) => {
        isSwept = false;
        log.warn({ err: error, job, hold }, "one of the ledger's jobs failed; the others go on");
      };
      await alone("refill", () => ledger.refill(now), failed);
      await alone("vest", () => vestAll(now, failed), failed);
      stop.signal.throwIfAborted();
      if (now >= expireFrom) {
        await alone("release unused", () => releaseUnused(ledger, registry, now), failed);
        await alone("expire", () => ledger.expireHolds(now), failed);
        if (isSwept) await onSwept?.(now);
      }
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

const isGone = (error: unknown): boolean =>
  error instanceof TroopError && error.code === "ledger_unavailable";

/** What one job stumbles over stops no other. Without the books none can work, and the round ends. */
async function alone(job: string, work: () => Promise<unknown>, failed: OnFailure): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (isGone(error)) throw error;
    failed(job, error);
  }
}

async function releaseUnused(
  ledger: JobsLedger,
  registry: JobsOptions["registry"],
  now: number,
): Promise<void> {
  const unused = await ledger.findUnusedHolds(now - unusedAfterMs);
  const released: string[] = [];
  for (const { id, node } of unused) {
    // Of a node that is away nothing is known: it may still be at work, and its holds run their full time.
    const running = await registry.runningHolds(node);
    if (running && !running.has(id)) released.push(id);
  }
  if (released.length > 0) await ledger.releaseUnused(released, now);
}
