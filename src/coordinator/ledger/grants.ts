/** Verbs of credits that are given out: starter credits, from a faucet that is filled once a day. */
import type { Micro } from "../../protocol/credits.ts";
import { reaching, transact, type Database } from "../database.ts";
import {
  claimStarter,
  fillFaucet,
  findWaitingForStarter,
  hasStarter,
  payStarter,
} from "./grant-store.ts";

const dayMs = 24 * 60 * 60_000;
/** How many waiting accounts one round pays. */
const batch = 200;

export interface GrantsOptions {
  database: Database;
  starterCredits: Micro;
  faucetDaily: Micro;
}

export function createGrants({ database, starterCredits, faucetDaily }: GrantsOptions) {
  return {
    /**
     * Starter credits from the faucet, once per account. An account that finds it empty keeps its place.
     * @returns whether the account has had its credits
     */
    grant: (account: string, now: number): Promise<"granted" | "waiting"> =>
      reaching(async () => {
        if (await hasStarter(database, account)) return "granted";
        return transact(database, async (tx) => {
          if (await payStarter(tx, account, starterCredits, now)) return "granted";
          await claimStarter(tx, account, now);
          return (await hasStarter(tx, account)) ? "granted" : "waiting";
        });
      }),

    /** Fills the faucet for the day, then pays those who waited, in order. */
    async refill(now: number): Promise<void> {
      const day = Math.floor(now / dayMs);
      await transact(database, (tx) => fillFaucet(tx, faucetDaily, day, now));
      for (const account of await findWaitingForStarter(database, batch)) {
        const isPaid = await transact(database, (tx) =>
          payStarter(tx, account, starterCredits, now),
        );
        if (!isPaid) break;
      }
    },

    /** When the faucet is filled next, ms. */
    nextRefill: (now: number): number => (Math.floor(now / dayMs) + 1) * dayMs,
  };
}
