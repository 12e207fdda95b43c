/** Starter credits: given once to each account, and on its record until they are spent. */
import type { Micro } from "../../../src/protocol/credits.ts";
import type { AccountRow, StoredRequest, TransferRow } from "../ledger/tables.ts";

export function createStarterWatch(starterCredits: Micro, violate: (what: string) => void) {
  const granted = new Set<string>();
  const spent = new Map<string, Micro>();
  const spentOn = (row: StoredRequest | undefined): Micro =>
    row && row.state !== "reversed" ? row.starter : 0n;

  return {
    granted({ credit, amount }: TransferRow): void {
      if (granted.has(credit)) violate(`${credit} was granted credits twice`);
      if (amount !== starterCredits) violate(`a grant of ${amount}`);
      granted.add(credit);
    },

    changed(before: StoredRequest | undefined, after: StoredRequest): void {
      const { account } = after;
      spent.set(account, (spent.get(account) ?? 0n) + spentOn(after) - spentOn(before));
    },

    check({ id, kind, nonTransferable }: AccountRow): void {
      if (kind !== "user") return;
      const left = (granted.has(id) ? starterCredits : 0n) - (spent.get(id) ?? 0n);
      if (nonTransferable !== left)
        violate(
          `${id} may not give away ${nonTransferable}, ${left} of its starter credits are left`,
        );
    },
  };
}
