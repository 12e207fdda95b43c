/** Whether a request may have been given back, by the words of `docs/ledger.md` and not by the ledger's own rule. */
import type { StoredRequest, Tables } from "../ledger/tables.ts";

const lookedAt = 50;
const oneCredit = 1_000_000n;

const paid = ({ cost, shortfall }: StoredRequest) => cost - shortfall;
/** One that was given back counts from then on. */
const placeOf = ({ state, receivedAt, settledAt }: StoredRequest) =>
  state === "reversed" ? settledAt! : receivedAt;

/** Why the refund of `refunded`, which is in the tables already, was wrong; undefined where it was right. */
export function refundOffence(tables: Tables, refunded: StoredRequest): string | undefined {
  const mine: StoredRequest[] = [];
  for (const ofHold of tables.requests.values())
    for (const row of ofHold.values()) if (row.account === refunded.account) mine.push(row);
  // Lines of one receipt are looked at one after the other, and are in the tables together: those that came in the very
  // moment of the refund may have been before it or behind it.
  const before = mine.filter(
    (row) => row.state === "reversed" || row.receivedAt < refunded.settledAt!,
  );
  return offenceAmong(mine, refunded) && offenceAmong(before, refunded);
}

function offenceAmong(mine: readonly StoredRequest[], refunded: StoredRequest): string | undefined {
  const others = mine
    .filter((row) => row.receipt !== null && paid(row) > 0n)
    .filter(({ hold, k }) => hold !== refunded.hold || k !== refunded.k)
    .toSorted((left, right) => placeOf(right) - placeOf(left))
    .slice(0, lookedAt);
  const back = others.filter((row) => row.state === "reversed");
  const kept = others.filter((row) => row.state !== "reversed");
  const sum = (rows: StoredRequest[]) => rows.reduce((total, row) => total + paid(row), 0n);
  // One in fifty, but one at any rate.
  if (back.length + 1 > Math.max(1, Math.floor(others.length / lookedAt)))
    return `${back.length} of the last ${others.length} were already`;
  if (kept.length === 0) return "nothing else was paid for";
  // 2 % of what was paid, but one request at any rate, such as the others were, up to a credit.
  const mean = sum(kept) / BigInt(kept.length);
  const allowed = [sum(kept) / BigInt(lookedAt), mean < oneCredit ? mean : oneCredit];
  if (allowed.every((most) => sum(back) + paid(refunded) > most)) return "more credits than may be";
  return undefined;
}
