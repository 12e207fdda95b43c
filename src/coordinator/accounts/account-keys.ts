/** Keys of an account: any live one acts for it; it is linked by a live one, with its own consent, and revoked for ever. */
import type { Clock } from "../../base/clock.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import type { Verifier } from "../../protocol/signature.ts";
import { checkStatement, linkBody } from "../../protocol/statement.ts";
import { transact, type Database } from "../database.ts";
import type { Accounts } from "./accounts.ts";
import { findKey, findKeys, insertKey, lockKeys, revokeKey, type KeyRow } from "./key-store.ts";

export interface AccountKeysOptions {
  database: Database;
  clock: Clock;
  verifier: Verifier;
  accounts: Accounts;
  /** Known once the port is. */
  publicUrl: () => string;
}

export type AccountKeys = ReturnType<typeof createAccountKeys>;

export function createAccountKeys(options: AccountKeysOptions) {
  const { database, clock, verifier, accounts, publicUrl } = options;

  /**
   * The key that signed the code. It names the account, so that nobody can claim a key for an account of theirs.
   * @throws TroopError `invalid_link`
   */
  async function readCode(account: string, code: string) {
    const refusal = "invalid_link";
    const type = "troop-link+jwt";
    const statement = await checkStatement(verifier, code, type, publicUrl(), linkBody, refusal);
    const ageMs = clock.now() - statement.signedAt;
    if (statement.body.account !== account)
      throw new TroopError(refusal, "The link code is for another account.");
    if (ageMs > limits.linkCodeMs || ageMs < -limits.clockSkewMs)
      throw new TroopError(refusal, "The link code is too old; make a new one.");
    return statement;
  }

  return {
    /** Revoked ones too, the first key first. */
    list: (account: string): Promise<KeyRow[]> => findKeys(database, account),

    /**
     * Lets the key that signed `code` act for the account. Once linked, the same code gets the same answer.
     * @throws TroopError `invalid_link`, `key_in_use`, `key_limit`
     */
    async link(account: string, code: string): Promise<void> {
      const { signer, jwk } = await readCode(account, code);
      await transact(database, async (tx) => {
        await lockKeys(tx, account);
        const keys = await findKeys(tx, account);
        const live = keys.filter(({ revokedAt }) => revokedAt === null);
        if (live.some(({ thumbprint }) => thumbprint === signer)) return;
        if (live.length >= limits.liveKeysPerAccount) throw new TroopError("key_limit");
        if (!(await insertKey(tx, account, signer, jwk, clock.now())))
          throw new TroopError("key_in_use");
      });
      accounts.forget(signer);
    },

    /**
     * From now on the key acts for nobody. Repeating changes nothing.
     * @throws TroopError `key_unknown`, `last_key`
     */
    async revoke(account: string, thumbprint: string): Promise<void> {
      await transact(database, async (tx) => {
        await lockKeys(tx, account);
        const key = await findKey(tx, thumbprint);
        if (key?.account !== account) throw new TroopError("key_unknown");
        if (key.revokedAt !== null) return;
        const keys = await findKeys(tx, account);
        const live = keys.filter(({ revokedAt }) => revokedAt === null);
        if (live.length === 1) throw new TroopError("last_key");
        await revokeKey(tx, thumbprint, clock.now());
      });
      accounts.forget(thumbprint);
    },
  };
}
