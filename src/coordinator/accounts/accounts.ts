/** Accounts: made on joining, named by their first key, acted for by any live one. */
import type { Clock } from "../../base/clock.ts";
import { boundedMap } from "../../base/bounded-map.ts";
import type { PublicJwk } from "../../protocol/signature.ts";
import type { Database } from "../database.ts";
import { findAccountOfKey, hasAccount, insertAccount } from "./store.ts";

/** A key that proved a call. */
export interface ProvenKey {
  /** Thumbprint. */
  id: string;
  jwk: PublicJwk;
}

export type Accounts = ReturnType<typeof createAccounts>;

/** How long a key's account is remembered, so that warm calls spare the database; a revoked key dies within it. */
const rememberMs = 10_000;
const rememberedKeys = 20_000;

export function createAccounts({ database, clock }: { database: Database; clock: Clock }) {
  const remembered = boundedMap<string, { account: string; until: number }>(rememberedKeys);

  return {
    /** The account that a key acts for. Reading never creates anything. */
    async accountOf(thumbprint: string): Promise<string | undefined> {
      const known = remembered.get(thumbprint);
      if (known && known.until > clock.now()) return known.account;
      const account = await findAccountOfKey(database, thumbprint);
      if (account) remembered.set(thumbprint, { account, until: clock.now() + rememberMs });
      return account;
    },

    /** Makes the account of a key, unless the key has one. */
    async join({ id, jwk }: ProvenKey): Promise<{ account: string; isNew: boolean }> {
      const existing = await this.accountOf(id);
      if (existing) return { account: existing, isNew: false };
      return { account: id, isNew: await insertAccount(database, id, jwk, clock.now()) };
    },

    exists: (id: string): Promise<boolean> => hasAccount(database, id),
  };
}
