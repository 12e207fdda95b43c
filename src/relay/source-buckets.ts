/**
 * How often a source may ask anything of a relay: a token bucket for each prefix, charged before a signature is
 * checked, so that a stranger's nonsense costs an arithmetic operation and not a verification.
 */
import { boundedMap } from "../base/bounded-map.ts";
import type { Clock } from "../base/clock.ts";
import { sourcePrefix } from "../host/source-prefix.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { limits } from "../protocol/limits.ts";

export interface SourceBuckets {
  /**
   * @param address of the other end; undefined where that has gone already, which is refused. One that is not of the
   *   world is not charged: its network let it in, or it is a proxy, through which everybody comes
   * @throws TroopError `rate_limit_exceeded`
   */
  charge(address: string | undefined): void;
  /** The call turned out to be somebody's who may make it. */
  giveBack(address: string | undefined): void;
}

interface Bucket {
  tokens: number;
  /** When they were counted, monotonic ms. */
  at: number;
}

/** The one that was quiet for longest is forgotten first, and would be the fullest. */
const keptPrefixes = 50_000;
const tokenMs = 1_000 / limits.relayPrefixCallsPerSecond;

export function createSourceBuckets(clock: Clock): SourceBuckets {
  const buckets = boundedMap<string, Bucket>(keptPrefixes);
  function giveBack(address: string | undefined): void {
    const prefix = address === undefined ? undefined : sourcePrefix(address);
    const bucket = prefix === undefined ? undefined : buckets.get(prefix);
    if (bucket) bucket.tokens = Math.min(limits.relayPrefixCallsAtOnce, bucket.tokens + 1);
  }
  return {
    charge(address) {
      if (address === undefined)
        throw new TroopError("rate_limit_exceeded", "Nobody waits for it.");
      const prefix = sourcePrefix(address);
      if (prefix === undefined) return;
      const at = clock.monotonic();
      const before = buckets.get(prefix) ?? { tokens: limits.relayPrefixCallsAtOnce, at };
      const grown = before.tokens + (at - before.at) / tokenMs;
      const tokens = Math.min(limits.relayPrefixCallsAtOnce, grown);
      if (tokens < 1)
        throw new TroopError("rate_limit_exceeded", "Too many calls come from this network.", {
          retryAfterMs: (1 - tokens) * tokenMs,
        });
      buckets.set(prefix, { tokens: tokens - 1, at });
    },
    giveBack,
  };
}
