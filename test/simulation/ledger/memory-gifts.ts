/** Gifts in memory. */
import type { Giver, StoredGift } from "../../../src/coordinator/ledger/gift-rules.ts";
import type { Tables } from "./tables.ts";

export function findGift(tables: Tables, id: string): StoredGift | undefined {
  const found = tables.transfers.get(id);
  return found && { to: found.credit, amount: found.amount, memo: found.memo, at: found.at };
}

export function readGiver(
  tables: Tables,
  id: string,
  { since, counterparties: most }: { since: number; counterparties: number },
): Giver {
  const others = new Set<string>();
  for (const requests of tables.requests.values()) {
    for (const { account, payee, state, cost, shortfall } of requests.values()) {
      if (account === payee || state !== "settled" || cost === shortfall) continue;
      if (account === id) others.add(payee);
      if (payee === id) others.add(account);
    }
  }
  let givenToday = 0n;
  for (const { kind, debit, amount, at } of tables.transfers.values())
    if (kind === "gift" && debit === id && at > since) givenToday += amount;
  const { posted, held, nonTransferable } = tables.accounts.get(id)!;
  return {
    available: posted - held,
    nonTransferable,
    counterparties: Math.min(most, others.size),
    givenToday,
  };
}

export function insertGift(
  tables: Tables,
  id: string,
  from: string,
  { to, amount, memo, at }: StoredGift,
): void {
  tables.addTransfer({ id, debit: from, credit: to, amount, kind: "gift", of: null, memo, at });
  tables.post(from, -amount);
  tables.post(to, amount);
}
