/** Accounts: made on joining, named by their first key, acted for by any live one. */
import type { Clock } from "../../base/clock.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { PublicJwk } from "../../protocol/signature.ts";
import type { Database } from "../database.ts";
import { findKey } from "./key-store.ts";
import { createRemembered } from "./remembered.ts";
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
const freshMs = 10_000;
const most = 20_000;

export function createAccounts({ database, clock }: { database: Database; clock: Clock }) {
  const remembered = createRemembered<string>({ clock, freshMs, most });

  const ask = (thumbprint: string) => async (): Promise<string | undefined> => {
    const key = await findKey(database, thumbprint);
    if (!key) return undefined;
    if (key.revokedAt !== null) throw new TroopError("invalid_proof", "This key was revoked.");
    if (key.isCutOff) throw new TroopError("account_revoked");
    return key.account;
  };

  /** As `accountOf`, from the books and not from memory: for what cannot be taken back. */
  const accountNow = (thumbprint: string) => remembered.read(thumbprint, ask(thumbprint));

  /**
   * The account that a key acts for. Reading never creates anything.
   * @throws TroopError `invalid_proof` where the key was revoked, `account_revoked`
   */
  const accountOf = (thumbprint: string) => remembered.find(thumbprint, ask(thumbprint));

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

    /** As `accountOf`, a minute longer while the books are away: for what moves nothing. */
    accountMeanwhile: (thumbprint: string): Promise<string | undefined> =>
      remembered.findMeanwhile(thumbprint, ask(thumbprint)),

    /** The account that a key acts for or once did: for naming an account by it. */
    ofKey: async (thumbprint: string): Promise<string | undefined> =>
      (await findKey(database, thumbprint))?.account,

    /** The key was linked or revoked: it is looked up anew. */
    forget: remembered.forget,

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
