/** Who may give away what. Pure. */
import { divideDown, formatCredits, microPerCredit, type Micro } from "../../protocol/credits.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";

export interface Gift {
  /** The giver's own UUID for it. */
  id: string;
  from: string;
  to: string;
  amount: Micro;
  memo: string | null;
}

/** A gift as the books have it. */
export interface StoredGift {
  to: string;
  amount: Micro;
  memo: string | null;
  /** Coordinator time, ms. */
  at: number;
}

/** What a giver has, and has done, when it gives. */
export interface Giver {
  /** Posted, less what open tickets hold. */
  available: Micro;
  nonTransferable: Micro;
  /** Others it has dealt with to the end, counted no further than is asked for. */
  counterparties: number;
  /** What it gave within the last day. */
  givenToday: Micro;
}

const dailyMost = BigInt(limits.giftDailyCredits) * microPerCredit;

/**
 * Why a giver may not give `amount`; undefined where it may. Starter credits stay where they are, so that a
 * second account of one's own is worth nothing more.
 */
export function giftRefusal(giver: Giver, amount: Micro): TroopError | undefined {
  const { available, nonTransferable, counterparties, givenToday } = giver;
  if (amount > available)
    return new TroopError("insufficient_credits", "The account has less than that to spend.");
  if (amount > available - nonTransferable)
    return new TroopError(
      "not_transferable",
      "Starter credits can be spent, but not be given away.",
    );
  // Proof of hardware would do too, once it is built.
  if (counterparties < limits.giftCounterparties)
    return new TroopError(
      "not_transferable",
      `An account gives once it has settled requests with ${limits.giftCounterparties} others.`,
    );
  if (givenToday + amount <= dailyMost) return undefined;
  const left = dailyMost > givenToday ? dailyMost - givenToday : 0n;
  return new TroopError(
    "not_transferable",
    `At most ${divideDown(dailyMost, microPerCredit)} credits a day can be given away; ${formatCredits(left)} are left.`,
  );
}

/**
 * The gift that was given under this id before.
 * @param isForgotten whoever got it is deleted, and with them the memo
 * @throws TroopError `idempotency_mismatch` where it was another
 */
export function sameGift(
  given: StoredGift,
  { to, amount, memo }: Gift,
  isForgotten: boolean,
): StoredGift {
  const isSameMemo = given.memo === memo || (isForgotten && given.memo === null);
  if (given.to !== to || given.amount !== amount || !isSameMemo)
    throw new TroopError("idempotency_mismatch");
  return given;
}
