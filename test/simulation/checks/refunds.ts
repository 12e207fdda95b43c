/** Whether a request may have been given back, by the words of `docs/ledger.md` and not by the ledger's own rule. */
import type { StoredRequest, Tables } from "../ledger/tables.ts";

const lookedAt = 50;
const oneCredit = 1_000_000n;

const paid = ({ cost, shortfall }: StoredRequest) => cost - shortfall;

/** Why the refund of `refunded`, which is in the tables already, was wrong; undefined where it was right. */
export function refundOffence(tables: Tables, refunded: StoredRequest): string | undefined {
  const mine: StoredRequest[] = [];
  for (const ofHold of tables.requests.values())
    for (const row of ofHold.values()) if (row.account === refunded.account) mine.push(row);
  const recent = mine
    .filter((row) => row.receipt !== null && paid(row) > 0n)
    .toSorted((left, right) => right.receivedAt - left.receivedAt)
    .slice(0, lookedAt);
  const back = recent.filter((row) => row.state === "reversed" && row !== refunded);
  const sum = (rows: StoredRequest[]) => rows.reduce((total, row) => total + paid(row), 0n);
  // One in fifty, but one at any rate; 2 % of what was paid, but one credit at any rate.
  if (back.length + 1 > Math.max(1, Math.floor(recent.length / lookedAt)))
    return `${back.length} of the last ${recent.length} were already`;
  const share = sum(recent) / BigInt(lookedAt);
  const mostCredits = share > oneCredit ? share : oneCredit;
  if (sum(back) + paid(refunded) > mostCredits) return "more credits than may be";
  return undefined;
}
