/** Forgets trials and their sessions when nobody asks about them any more; verdicts, which say what they came to, stay. */
import type { Clock } from "../../base/clock.ts";
import { startLoop } from "../../base/loop.ts";
import type { Random } from "../../base/random.ts";
import type { Log } from "../../host/log.ts";
import type { Database } from "../database.ts";
import { type Job, takeTurn } from "../jobs/service-store.ts";
import { deleteTrials } from "./trial-store.ts";

const hourMs = 60 * 60_000;
/** Of one coordinator of all. */
const pruning: Job = { name: "prune trials", everyMs: hourMs, patienceMs: hourMs };
/** Half a dozen rows a trial, two trials a day and node. */
const keptMs = 30 * 24 * hourMs;
const lookEveryMs = 10 * 60_000;

/** Works until disposed. */
export function startPruning(parts: {
  database: Database;
  clock: Clock;
  random: Random;
  log: Log;
}): AsyncDisposable {
  const { database, clock, random, log } = parts;
  const stop = new AbortController();
  async function prune(before: number): Promise<void> {
    while (!stop.signal.aborted && (await deleteTrials(database, before)) > 0);
  }
  const loop = startLoop({
    ...{ clock, random, signal: stop.signal },
    backoff: { firstMs: lookEveryMs, ceilingMs: hourMs },
    onFailure: (error) => log.warn({ err: error }, "old trials were not forgotten"),
    round: async () => {
      const now = clock.now();
      await takeTurn(database, pruning, now, () => prune(now - keptMs));
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
