/** Where calls are counted: what memory and Redis both do, held to one suite of tests. */
import type { Clock } from "../../base/clock.ts";
import { createSlidingLog, type Charged, type Rate } from "../../base/sliding-log.ts";

/** One call, and where it counts. */
export interface Charge extends Rate {
  /** What is counted together. */
  bucket: string;
}

export interface CallLog extends AsyncDisposable {
  /** Counts a call, unless that were one too many in any window of that length. */
  charge(charge: Charge): Promise<Charged>;
}

/** 1,000,000 times are some 10 MB; each bucket has 600 at most. */
const most = { names: 50_000, times: 1_000_000 };

/** In this process: the default, for a coordinator that runs alone. */
export function createMemoryCallLog(clock: Pick<Clock, "monotonic">): CallLog {
  const log = createSlidingLog(most);
  return {
    charge: async ({ bucket, ...rate }) => log.charge(bucket, rate, clock.monotonic()),
    [Symbol.asyncDispose]: async () => {},
  };
}
