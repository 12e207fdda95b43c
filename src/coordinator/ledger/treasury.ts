/** The verb of treasurers: credits minted for an account, once for each id, and no more in a day than is allowed. */
import type { Micro } from "../../protocol/credits.ts";
import { formatCredits } from "../../protocol/credits.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { nameUuid } from "../../protocol/ids.ts";
import { transact, type Database } from "../database.ts";
import {
  findGrant,
  insertGrant,
  lockGrant,
  readGranted,
  type StoredGrant,
} from "./treasury-store.ts";

const dayMs = 24 * 60 * 60_000;

export interface NewGrant {
  /** A UUID, of all treasurers: the same id grants once, whoever repeats it. */
  id: string;
  account: string;
  amount: Micro;
  memo: string;
  /** The operator's name. */
  by: string;
}

/** @param dailyMost what all treasurers together may grant within any 24 hours */
export function createTreasury({ database, dailyMost }: { database: Database; dailyMost: Micro }) {
  return {
    dailyMost,
    /** Within the last day. */
    granted: (now: number): Promise<Micro> => readGranted(database, now - dayMs),

    /**
     * Grants, or finds that the same was granted before.
     * @param now coordinator time, ms
     * @throws TroopError `account_unknown`, `grant_limit`, `idempotency_mismatch`, `ledger_unavailable`
     */
    grant({ id: chosen, ...grant }: NewGrant, now: number) {
      const id = nameUuid("treasury", chosen);
      return transact(database, async (tx): Promise<StoredGrant & { isRepeated: boolean }> => {
        const isThere = await lockGrant(tx, grant.account);
        const before = await findGrant(tx, id);
        if (before) return { ...same(before, grant), isRepeated: true };
        if (!isThere) throw new TroopError("account_unknown");
        const granted = await readGranted(tx, now - dayMs);
        if (granted + grant.amount > dailyMost) throw tooMuch(dailyMost - granted);
        const stored = { ...grant, at: now };
        await insertGrant(tx, id, stored);
        return { ...stored, isRepeated: false };
      });
    },
  };
}

function same(before: StoredGrant, { account, amount, memo }: Omit<NewGrant, "id">): StoredGrant {
  // Each has one, until the account is deleted.
  const isSameMemo = before.memo === null || before.memo === memo;
  if (before.account !== account || before.amount !== amount || !isSameMemo)
    throw new TroopError("idempotency_mismatch");
  return before;
}

const tooMuch = (left: Micro): TroopError =>
  new TroopError(
    "grant_limit",
    `${formatCredits(left > 0n ? left : 0n)} credits are left to grant within these 24 hours.`,
  );
