/** Accounts: made on joining, named by their first key, acted for by any live one. */
import type { Clock } from "../../base/clock.ts";
import { boundedMap } from "../../base/bounded-map.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { PublicJwk } from "../../protocol/signature.ts";
import type { Database } from "../database.ts";
import { findKey } from "./key-store.ts";
import { hasAccount, insertAccount } from "./store.ts";

/** A key that proved a call. */
export interface ProvenKey {
  /** Thumbprint. */
  id: string;
  jwk: PublicJwk;
}

export interface Joined {
  account: string;
  isNew: boolean;
}

export type Accounts = ReturnType<typeof createAccounts>;

/**
 * How long a key's account is remembered, so that warm calls spare the database. A key that is revoked through
 * this process is forgotten at once; other replicas may honour it for so long, but for what moves credits.
 */
const rememberMs = 10_000;
const rememberedKeys = 20_000;

export function createAccounts({ database, clock }: { database: Database; clock: Clock }) {
  const remembered = boundedMap<string, { account: string; until: number }>(rememberedKeys);
  /** Counts what was forgotten: what was read before is not remembered after. */
  let forgotten = 0;

  /** As `accountOf`, from the books and not from memory: for what cannot be taken back. */
  async function accountNow(thumbprint: string): Promise<string | undefined> {
    const before = forgotten;
    const key = await findKey(database, thumbprint);
    if (!key) return undefined;
    if (key.revokedAt !== null) throw new TroopError("invalid_proof", "This key was revoked.");
    if (key.isCutOff) throw new TroopError("account_revoked");
    if (before === forgotten)
      remembered.set(thumbprint, { account: key.account, until: clock.now() + rememberMs });
    return key.account;
  }

  /**
   * The account that a key acts for. Reading never creates anything.
   * @throws TroopError `invalid_proof` where the key was revoked, `account_revoked`
   */
  async function accountOf(thumbprint: string): Promise<string | undefined> {
    const known = remembered.get(thumbprint);
    return known && known.until > clock.now() ? known.account : accountNow(thumbprint);
  }

  /**
   * Has `insert` make the account of a key. Where somebody links the key at the same moment, it joins nothing: it acts
   * for the account that linked it.
   */
  async function joinBy(id: string, insert: () => Promise<boolean>): Promise<Joined> {
    try {
      return { account: id, isNew: await insert() };
    } catch (error) {
      const linked =
        error instanceof TroopError && error.code === "key_in_use" && (await accountNow(id));
      if (!linked) throw error;
      return { account: linked, isNew: false };
    }
  }

  return {
    accountOf,
    accountNow,

    /** The account that a key acts for or once did: for naming an account by it. */
    ofKey: async (thumbprint: string): Promise<string | undefined> =>
      (await findKey(database, thumbprint))?.account,

    /** The key was linked or revoked: it is looked up anew. */
    forget(thumbprint: string): void {
      forgotten += 1;
      remembered.delete(thumbprint);
    },

    /** Makes the account of a key, unless the key has one. */
    async join(key: ProvenKey): Promise<Joined> {
      const existing = await accountOf(key.id);
      if (existing) return { account: existing, isNew: false };
      return joinBy(key.id, () => insertAccount(database, key.id, key.jwk, clock.now()));
    },

    joinBy,

    exists: (id: string): Promise<boolean> => hasAccount(database, id),
  };
}
