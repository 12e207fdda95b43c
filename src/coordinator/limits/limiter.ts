/**
 * Limits on calls: each counts once, in the bucket that `charges.ts` names. Before a proof is looked at only the
 * network that it comes from is charged, and what somebody known used of that is given back, so that strangers in a
 * network use up no more than their own share of it.
 */
import { boundedMap } from "../../base/bounded-map.ts";
import type { Clock } from "../../base/clock.ts";
import type { Charged } from "../../base/sliding-log.ts";
import type { Source } from "../../host/client-address.ts";
import { tooManyCalls } from "../../host/too-many-calls.ts";
import { createSourceBuckets, type SourceBuckets } from "../../relay/source-buckets.ts";
import { chargeOf, ruleOf, type Call, type Caller, type Rates } from "./charges.ts";
import type { GuardedCallLog } from "./standby.ts";

/** One too many, the first within a window. */
export interface Refusal {
  /** `network`, or what the bucket is for. */
  bucket: string;
  limit: number;
  address: string | undefined;
  /** An account or node whose proof was checked. */
  known?: string | undefined;
}

export interface LimiterOptions {
  calls: GuardedCallLog;
  clock: Pick<Clock, "monotonic">;
  rates: Rates & { networkPerMinute: number };
  onRefused: (refusal: Refusal) => void;
}

export interface Limiter {
  /** What networks may ask before anybody is known. What somebody known had is given back; the relay shares it. */
  readonly sources: SourceBuckets;
  /** @param route undefined where there is none. @throws TroopError `rate_limit_exceeded` */
  arrive(route: string | undefined, source: Source): Charged | undefined;
  /**
   * @param wish id of the ticket that is asked for
   * @returns undefined where it costs nothing
   * @throws TroopError `rate_limit_exceeded`, `ledger_unavailable`
   */
  charge(call: Omit<Call, "isRepeat">, wish?: string): Promise<Charged | undefined>;
  /** A ticket was given: asked for again, to learn where its node is by now, it counts as any other call. */
  given(account: string, wish: string): void;
}

/** Of this process: with several, each may take one repeat for a new wish. Tickets live for five minutes. */
const rememberedWishes = 20_000;

export function createLimiter({ calls, clock, rates, onRefused }: LimiterOptions): Limiter {
  const given = boundedMap<string, true>(rememberedWishes);
  const sources = createSourceBuckets({
    ...{ clock, callsPerMinute: rates.networkPerMinute },
    onRefused: ({ address }, limit) => onRefused({ bucket: "network", limit, address }),
  });
  return {
    sources,
    arrive: (route, source) =>
      route !== undefined && ruleOf(route).knownBy === "nobody"
        ? undefined
        : sources.charge(source),
    async charge(call, wish) {
      const { caller, source } = call;
      const known = caller.kind === "known" ? caller.id : undefined;
      const isRepeat = known !== undefined && given.has(`${known} ${wish}`);
      const charge = chargeOf({ ...call, isRepeat }, rates);
      if (!charge) return undefined;
      const charged = await calls.charge(charge);
      const [bucket = ""] = charge.bucket.split(" ");
      if (charged.isFirstRefusal)
        onRefused({ bucket, limit: charge.limit, address: source.address, known });
      if (!charged.isAllowed) throw tooManyCalls(whoseOf(caller), charged, charge.windowMs);
      return charged;
    },
    given: (account, wish) => given.set(`${account} ${wish}`, true),
  };
}

const whoseOf = ({ kind }: Caller): string =>
  kind === "known" ? "This key" : kind === "claimed" ? "Who signed this" : "This address";
