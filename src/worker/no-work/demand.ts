/** Asks the coordinator what people ask for: when somebody wants to see it, and at most once a minute. */
import { type Clock, deadline } from "../../base/clock.ts";
import type { CoordinatorClient } from "../../host/coordinator-client.ts";
import { type DemandAnswer, demandAnswer } from "../../protocol/offers.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { Signer } from "../../protocol/signature.ts";

/** Undefined where the coordinator does not say; never rejects. */
export type AskDemand = () => Promise<DemandAnswer["models"] | undefined>;

export interface AskDemandParts {
  coordinator: CoordinatorClient;
  owner: Signer;
  clock: Clock;
}

export const askedAgainMs = 60_000;
/** Somebody waits at the terminal; the rest of what they want to see needs no coordinator. */
const patienceMs = 2_000;

export function createAskDemand({ coordinator, owner, clock }: AskDemandParts): AskDemand {
  let last: { at: number; answer: ReturnType<AskDemand> } | undefined;

  async function ask(): ReturnType<AskDemand> {
    using limit = deadline(clock, patienceMs, new TroopError("timeout"));
    try {
      const { models } = await coordinator.call({
        ...{ method: "GET", path: "/demand", answer: demandAnswer },
        ...{ signer: owner, signal: limit.signal },
      });
      return models;
    } catch {
      return undefined;
    }
  }

  return () => {
    const now = clock.monotonic();
    if (!last || now - last.at >= askedAgainMs) last = { at: now, answer: ask() };
    return last.answer;
  };
}
