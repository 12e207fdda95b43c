/** Verbs of credits that are given out: starter credits, from a faucet that is filled once a day. */
import { boundedMap } from "../../base/bounded-map.ts";
import { divideDown, type Micro } from "../../protocol/credits.ts";
import { limits } from "../../protocol/limits.ts";
import { dayOf, type StarterPayment } from "./grant-store.ts";
import type { LedgerStore } from "./ledger-store.ts";

const dayMs = 24 * 60 * 60_000;
/** How many waiting accounts one round pays. */
const batch = 200;
/** Accounts known to have had their credits: nobody gets them twice, so it need not be asked again. */
const rememberedAccounts = 20_000;

export interface GrantsOptions {
  store: LedgerStore;
  starterCredits: Micro;
  faucetDaily: Micro;
  /** Hears of every payment, before whoever asked for it is answered. */
  onGranted?: (account: string, amount: Micro) => Promise<void>;
}

/** What one source prefix may draw within a day: of a large faucet a share, of a small one a few grants. Pure. */
export function prefixMost(starterCredits: Micro, faucetDaily: Micro): Micro {
  const share = divideDown(faucetDaily * BigInt(limits.prefixDrawPercent), 100n);
  const grants = starterCredits * BigInt(limits.prefixDrawGrants);
  return share > grants ? share : grants;
}

/**
 * When an account is paid that `ahead` others have waited longer than: each day's refill pays as many as it
 * suffices for. Pure.
 */
export function paidAt(
  ahead: number,
  { starterCredits, faucetDaily }: Amounts,
  now: number,
): number {
  const aDay = starterCredits > 0n ? divideDown(faucetDaily, starterCredits) : 1n;
  const days = aDay > 0n ? Number(divideDown(BigInt(ahead), aDay)) : 0;
  return (dayOf(now) + 1 + days) * dayMs;
}
type Amounts = Pick<GrantsOptions, "starterCredits" | "faucetDaily">;

export function createGrants(options: GrantsOptions) {
  const { store, starterCredits, faucetDaily, onGranted } = options;
  const remembered = boundedMap<string, true>(rememberedAccounts);
  const paymentAt = (now: number): StarterPayment => ({
    amount: starterCredits,
    prefixMost: prefixMost(starterCredits, faucetDaily),
    now,
  });

  /** @returns whether the account has had its credits, now or before */
  async function pay(account: string, now: number): Promise<boolean> {
    let isPaid = false;
    const isGranted = await store.transaction(async (tx) => {
      isPaid = await tx.payStarter(account, paymentAt(now));
      return isPaid || (await tx.hasStarter(account));
    });
    if (isPaid && starterCredits > 0n) await onGranted?.(account, starterCredits);
    return isGranted;
  }

  return {
    /**
     * Starter credits from the faucet, once per account. An account that finds it empty, or its prefix's share
     * used up, keeps its place.
     * @param prefix of the address that asks; undefined where nobody counts
     * @returns whether the account has had its credits
     */
    async grant(account: string, now: number, prefix?: string): Promise<"granted" | "waiting"> {
      if (remembered.has(account)) return "granted";
      if (!(await store.hasStarter(account))) {
        // On its own: a payment locks the faucet's row and the account's in their order, and must hold neither before.
        await store.transaction((tx) => tx.claimStarter(account, now, prefix ?? null));
        if (!(await pay(account, now))) return "waiting";
      }
      remembered.set(account, true);
      return "granted";
    },

    /** Fills the faucet for the day, then pays those who waited, in order. */
    async refill(now: number): Promise<void> {
      await store.transaction((tx) => tx.fillFaucet(faucetDaily, dayOf(now), now));
      for (const account of await store.findWaitingForStarter(batch, paymentAt(now)))
        await pay(account, now);
    },

    /** When an account that waits for its starter credits gets them, if nothing goes wrong, ms. */
    async starterAt(account: string, now: number): Promise<number> {
      const ahead = await store.countAheadOfStarter(account);
      return paidAt(ahead, { starterCredits, faucetDaily }, now);
    },

    /** When the faucet is filled next, ms. */
    nextRefill: (now: number): number => (dayOf(now) + 1) * dayMs,
  };
}
