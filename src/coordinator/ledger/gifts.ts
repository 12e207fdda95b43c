/** The verb of gifts: credits that were earned, from one account to another, once for each id of the giver's. */
import { TroopError } from "../../protocol/error-codes.ts";
import { nameUuid } from "../../protocol/ids.ts";
import { limits } from "../../protocol/limits.ts";
import { giftRefusal, sameGift, type Gift, type StoredGift } from "./gift-rules.ts";
import type { LedgerStore } from "./ledger-store.ts";

const dayMs = 24 * 60 * 60_000;

export function createGifts(store: LedgerStore) {
  return {
    /**
     * Gives, or finds that the same was given before.
     * @param now coordinator time, ms
     * @throws TroopError `same_account`, `account_unknown`, `insufficient_credits`, `not_transferable`,
     *   `idempotency_mismatch`, `ledger_unavailable`
     */
    async gift(gift: Gift, now: number): Promise<StoredGift> {
      if (gift.from === gift.to) throw new TroopError("same_account");
      // Two accounts may choose one id: each has its own.
      const id = nameUuid("gift", gift.from, gift.id);
      return store.transaction(async (tx) => {
        const accounts = await tx.lockGift(gift.from, gift.to);
        const given = await tx.findGift(id);
        if (given) return sameGift(given, gift, !accounts.has(gift.to));
        if (!accounts.has(gift.from) || !accounts.has(gift.to))
          throw new TroopError("account_unknown");
        const counted = { since: now - dayMs, counterparties: limits.giftCounterparties };
        const refusal = giftRefusal(await tx.readGiver(gift.from, counted), gift.amount);
        if (refusal) throw refusal;
        const stored = { to: gift.to, amount: gift.amount, memo: gift.memo, at: now };
        await tx.insertGift(id, gift.from, stored);
        return stored;
      });
    },
  };
}
