/** What a verb may do within its transaction, over the tables in memory. */
import { faucet, issuance } from "../../../src/coordinator/ledger/account-names.ts";
import { dayOf, type StarterPayment } from "../../../src/coordinator/ledger/grant-store.ts";
import type { LedgerTx } from "../../../src/coordinator/ledger/ledger-store.ts";
import { nameUuid } from "../../../src/protocol/ids.ts";
import { findGift, insertGift, readGiver } from "./memory-gifts.ts";
import { openPage, writePage } from "./memory-page.ts";
import type { AccountRow, Tables } from "./tables.ts";

export const isUnused = (tables: Tables, hold: string): boolean => !tables.requests.has(hold);
export const hasStarter = (tables: Tables, id: string): boolean =>
  (tables.accounts.get(id)?.grantedAt ?? null) !== null;

const drawName = (prefix: string, now: number): string => `${dayOf(now)} ${prefix}`;
/** Whether its prefix has not yet drawn its share of the day. */
export function mayDraw(
  tables: Tables,
  { starterPrefix }: AccountRow,
  { amount, prefixMost, now }: StarterPayment,
): boolean {
  if (starterPrefix === null || amount === 0n) return true;
  return (tables.draws.get(drawName(starterPrefix, now)) ?? 0n) + amount <= prefixMost;
}

/** @param reach is told of each call: a journey to the database, from which nobody may come back */
export function createTx(tables: Tables, reach: (call: string) => void): LedgerTx {
  const call = async <Result>(name: string, work: () => Result): Promise<Result> => {
    reach(name);
    return work();
  };
  return {
    openPage: (hold, asksForRefund) =>
      call("openPage", () => openPage(tables, hold, asksForRefund)),
    writePage: (book, changes, statement, now) =>
      call("writePage", () => writePage(tables, book, changes, statement, now)),
    writeClosingNumbers: (id, numbers) =>
      call("writeClosingNumbers", () => {
        const hold = tables.holds.get(id);
        if (hold?.state !== "open" || hold.closingNumbers) return;
        tables.putHold({ ...hold, closingNumbers: [...numbers] });
      }),
    lockDueHolds: (now, most, after) =>
      call("lockDueHolds", () =>
        [...tables.openHolds]
          .filter((id) => id > after && tables.holds.get(id)!.expiresAt <= now)
          .toSorted()
          .slice(0, most),
      ),
    lockUnusedHolds: (holds) =>
      call("lockUnusedHolds", () =>
        holds.filter((id) => tables.openHolds.has(id) && isUnused(tables, id)).toSorted(),
      ),
    endHolds: (holds, state, now) =>
      call("endHolds", () => {
        for (const id of holds) {
          const hold = tables.holds.get(id);
          if (hold?.state !== "open") continue;
          tables.putHold({ ...hold, state, endedAt: now });
          tables.post(hold.account, 0n, hold.captured - hold.amount);
        }
      }),
    hasStarter: (account) => call("hasStarter", () => hasStarter(tables, account)),
    claimStarter: (id, now, starterPrefix) =>
      call("claimStarter", () => {
        const account = tables.accounts.get(id);
        if (account?.kind === "user" && account.claimedAt === null)
          tables.putAccount({ ...account, claimedAt: now, starterPrefix });
      }),
    payStarter: (id, payment) =>
      call("payStarter", () => {
        const { amount, now } = payment;
        const account = tables.accounts.get(id);
        if (!account || account.grantedAt !== null) return false;
        if (tables.accounts.get(faucet)!.posted < amount || !mayDraw(tables, account, payment))
          return false;
        const { starterPrefix, claimedAt } = account;
        tables.putAccount({
          ...account,
          claimedAt: claimedAt ?? now,
          grantedAt: now,
          starterPrefix: null,
        });
        if (amount === 0n) return true;
        if (starterPrefix !== null) {
          const name = drawName(starterPrefix, now);
          tables.putDraw(name, (tables.draws.get(name) ?? 0n) + amount);
        }
        const transfer = { id: nameUuid("grant", id), debit: faucet, credit: id, amount };
        const memo = "starter credits";
        tables.addTransfer({ ...transfer, kind: "grant", of: null, memo, at: now });
        tables.post(faucet, -amount);
        tables.post(id, amount, 0n, amount);
        return true;
      }),
    fillFaucet: (level, day, now) =>
      call("fillFaucet", () => {
        if (day <= (tables.filledDays.get(faucet) ?? -1)) return;
        tables.putFilledDay(faucet, day);
        const id = nameUuid("faucet", String(day));
        const amount = level - tables.accounts.get(faucet)!.posted;
        if (amount <= 0n || tables.transfers.has(id)) return;
        const transfer = { id, debit: issuance, credit: faucet, amount };
        tables.addTransfer({ ...transfer, kind: "issue", of: null, memo: "daily refill", at: now });
        tables.post(faucet, amount);
      }),
    lockGift: (from, to) =>
      call(
        "lockGift",
        () => new Set([from, to].filter((id) => tables.accounts.get(id)?.kind === "user")),
      ),
    findGift: (id) => call("findGift", () => findGift(tables, id)),
    readGiver: (account, counted) => call("readGiver", () => readGiver(tables, account, counted)),
    insertGift: (id, from, gift) => call("insertGift", () => insertGift(tables, id, from, gift)),
  };
}
