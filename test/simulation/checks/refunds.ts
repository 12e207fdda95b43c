/** Whether a request may have been given back, by the words of `docs/ledger.md` and not by the ledger's own rule. */
import type { StoredRequest, Tables } from "../ledger/tables.ts";

const lookedAt = 50;
const oneCredit = 1_000_000n;

/** Lines of one receipt are in the tables together, and were looked at one after the other: these were not yet there. */
function linesBehind(tables: Tables, { receipt, k }: StoredRequest): Set<number> {
  const [, payload] = tables.statements.get(receipt!.statement)!.jws.split(".");
  const { lines } = JSON.parse(Buffer.from(payload!, "base64url").toString()) as {
    lines: { k: number }[];
  };
  const numbers = lines.map((line) => line.k);
  return new Set(numbers.slice(numbers.indexOf(k) + 1));
}

const paid = ({ cost, shortfall }: StoredRequest) => cost - shortfall;
/** One that was given back counts from then on. */
const placeOf = ({ state, receivedAt, settledAt }: StoredRequest) =>
  state === "reversed" ? settledAt! : receivedAt;

/**
 * Why the refund of `refunded`, which is in the tables already, was wrong; undefined where it was right.
 * @param isAtReceipt whether it was given back the moment that its receipt came
 */
export function refundOffence(
  tables: Tables,
  refunded: StoredRequest,
  isAtReceipt: boolean,
): string | undefined {
  const behind = isAtReceipt ? linesBehind(tables, refunded) : new Set<number>();
  const isThere = ({ receipt, k }: StoredRequest) =>
    receipt !== null && !(receipt.statement === refunded.receipt!.statement && behind.has(k));
  const others = [...tables.requests.values()]
    .flatMap((ofHold) => [...ofHold.values()])
    .filter((row) => row.account === refunded.account && isThere(row) && paid(row) > 0n)
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
