/**
 * What becomes of limits while Redis is lost: whatever may move credits waits, all else goes on with a quarter of its
 * rate, counted in this process, so that four replicas together allow no more than before.
 */
import type { Charged } from "../../base/sliding-log.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { CallLog, Charge } from "./call-log.ts";

/** A charge, and whether it guards credits. */
export interface GuardedCharge extends Charge {
  isMoney: boolean;
}

export interface GuardedCallLog extends AsyncDisposable {
  /** @throws TroopError `ledger_unavailable` where calls that may move credits cannot be counted */
  charge(charge: GuardedCharge): Promise<Charged>;
}

const standbyShare = 4;
const retryAfterMs = 5_000;

/** @param shared counts for all replicas; @param local stands in for it */
export function withStandby(shared: CallLog, local: CallLog): GuardedCallLog {
  return {
    async charge({ isMoney, ...charge }) {
      try {
        return await shared.charge(charge);
      } catch (error) {
        if (isMoney)
          throw new TroopError("ledger_unavailable", "Calls cannot be counted just now.", {
            ...{ retryAfterMs, cause: error },
          });
        return local.charge({ ...charge, limit: Math.ceil(charge.limit / standbyShare) });
      }
    },
    [Symbol.asyncDispose]: () => shared[Symbol.asyncDispose](),
  };
}
