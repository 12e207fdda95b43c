/** Verbs of credits that are given out: starter credits, from a faucet that is filled once a day. */
import type { Micro } from "../../protocol/credits.ts";
import type { LedgerStore } from "./ledger-store.ts";

const dayMs = 24 * 60 * 60_000;
/** How many waiting accounts one round pays. */
const batch = 200;

export interface GrantsOptions {
  store: LedgerStore;
  starterCredits: Micro;
  faucetDaily: Micro;
}

export function createGrants({ store, starterCredits, faucetDaily }: GrantsOptions) {
  return {
    /**
     * Starter credits from the faucet, once per account. An account that finds it empty keeps its place.
     * @returns whether the account has had its credits
     */
    async grant(account: string, now: number): Promise<"granted" | "waiting"> {
      if (await store.hasStarter(account)) return "granted";
      return store.transaction(async (tx) => {
        if (await tx.payStarter(account, starterCredits, now)) return "granted";
        await tx.claimStarter(account, now);
        return (await tx.hasStarter(account)) ? "granted" : "waiting";
      });
    },

    /** Fills the faucet for the day, then pays those who waited, in order. */
    async refill(now: number): Promise<void> {
      const day = Math.floor(now / dayMs);
      await store.transaction((tx) => tx.fillFaucet(faucetDaily, day, now));
      for (const account of await store.findWaitingForStarter(batch)) {
        const isPaid = await store.transaction((tx) => tx.payStarter(account, starterCredits, now));
        if (!isPaid) break;
      }
    },

    /** When the faucet is filled next, ms. */
    nextRefill: (now: number): number => (Math.floor(now / dayMs) + 1) * dayMs,
  };
}
