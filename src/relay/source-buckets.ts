/**
 * How often a network may call before it is known who does: charged before a signature is checked, so that a stranger's
 * nonsense costs next to nothing and not a verification. In this process only: it guards this process.
 */
import type { Clock } from "../base/clock.ts";
import { createSlidingLog, type Charged } from "../base/sliding-log.ts";
import { networkOf, type Source } from "../host/client-address.ts";
import { tooManyCalls } from "../host/too-many-calls.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { limits } from "../protocol/limits.ts";

export interface SourceBuckets {
  /**
   * @param source one that is not of the world is not charged: its network let it in
   * @returns undefined where nothing was charged
   * @throws TroopError `rate_limit_exceeded`; also where the other end has gone already
   */
  charge(source: Source): Charged | undefined;
  /** The call turned out to be somebody's who may make it. */
  giveBack(source: Source): void;
}

export interface SourceBucketsOptions {
  clock: Pick<Clock, "monotonic">;
  callsPerMinute?: number;
  /** Once a window for each network. */
  onRefused?: (source: Source, limit: number) => void;
}

const windowMs = 60_000;
/** 1,000,000 times are some 10 MB: every network's full share of 1,600 of them. */
const most = { names: 50_000, times: 1_000_000 };

export function createSourceBuckets(options: SourceBucketsOptions): SourceBuckets {
  const { clock, callsPerMinute: limit = limits.prefixCallsPerMinute, onRefused } = options;
  const calls = createSlidingLog(most);
  return {
    charge(source) {
      if (source.address === undefined)
        throw new TroopError("rate_limit_exceeded", "Nobody waits for it.");
      const network = networkOf(source);
      if (network === undefined) return undefined;
      const charged = calls.charge(network, { limit, windowMs }, clock.monotonic());
      if (charged.isFirstRefusal) onRefused?.(source, limit);
      if (!charged.isAllowed)
        throw tooManyCalls("The network that this comes from", charged, windowMs);
      return charged;
    },
    giveBack(source) {
      const network = networkOf(source);
      if (network !== undefined) calls.takeBack(network);
    },
  };
}
