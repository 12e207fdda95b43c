/**
 * Settlement of one request, from the two sides' words to movements of money. Pure.
 *
 *     (nothing) ── acknowledgement ──▶ waiting ── receipt ──▶ settled | reversed
 *         └─────── receipt ──────────▶ vesting ── acknowledgement, or 24 h ──▶ settled | reversed
 *                  receipt that moves no money ──▶ settled
 *
 * An answer that never came, and that cannot be given back now, goes on vesting: the allowance may have grown when its day is over.
 *
 * What leaves the requester goes to the provider, to its vesting account, or to the commons; nothing is made or lost.
 */
import { requestName } from "../../protocol/ids.ts";
import { limits } from "../../protocol/limits.ts";
import {
  lineHash,
  type AcknowledgedLine,
  type Line,
  type LineOutcome,
} from "../../protocol/receipt.ts";
import { isSecretOf } from "../../protocol/secrets.ts";
import type { Micro } from "../../protocol/credits.ts";
import type { Usage } from "../../protocol/price.ts";
import { commons, vestingOf } from "./account-names.ts";
import type { AcknowledgementFacts, Book, Movement, ReceiptFacts, RequestRow } from "./book.ts";
import { agreedCost, chargeOf, isFreeAbort } from "./charge.ts";
import { acknowledgementFacts, isSameWord, receiptFacts, waitingRow } from "./facts.ts";
import { mayGiveBack } from "./refund-allowance.ts";

/** What one line changes. Without a row it changes nothing. */
export interface Step {
  outcome: LineOutcome;
  /** What the request has paid out in all so far. */
  paid: Micro;
  row?: RequestRow;
  movements: Movement[];
}

/** The worker's line arrives. */
export function receiveLine(book: Book, line: Line, statement: string, now: number): Step {
  const known = book.requests.get(line.k);
  const hash = lineHash(line);
  if (known?.receipt?.lineHash === hash) return { ...answerOf(book, known), movements: [] };
  if (!isSecretOf(book.anchor, line))
    return { outcome: "request_unproven", paid: 0n, movements: [] };
  if (known?.receipt)
    return { ...answerOf(book, known), outcome: "receipt_conflict", movements: [] };

  const isOwn = book.account === book.payee;
  const cost = isOwn ? 0n : chargeOf(line, book.rate, freeAbortsOf(book));
  return takeReceipt(book, line.k, receiptFacts(line, statement), cost, now);
}

/** Takes a receipt in that nothing speaks against, and captures its cost as far as the hold allows. */
export function takeReceipt(
  book: Book,
  k: number,
  receipt: ReceiptFacts,
  cost: Micro,
  now: number,
): Step {
  const known = book.requests.get(k);
  const captured = capturable(book, cost);
  const row: RequestRow = {
    k,
    state: "settled",
    cost,
    shortfall: cost - captured,
    commons: 0n,
    starter: captured < book.starterLeft ? captured : book.starterLeft,
    receipt,
    acknowledgement: known?.acknowledgement ?? null,
    dispute: known?.dispute ?? null,
    receivedAt: now,
    vestsAt: null,
    settledAt: now,
  };
  const after = { ...book, captured: book.captured + captured };
  if (captured === 0n) return { ...answerOf(after, row), row, movements: [] };
  // Behind a shared key stands nobody's signature: it waits its day, whatever the client says.
  if (!row.acknowledgement || receipt.hmac) {
    const vesting = {
      ...row,
      state: "vesting" as const,
      vestsAt: now + limits.vestingMs,
      settledAt: null,
    };
    const pay = movement(k, "pay", book.account, vestingOf(book.payee), captured);
    return { ...answerOf(after, vesting), row: vesting, movements: [pay] };
  }
  return settleByVerdict(after, row, row.acknowledgement, captured, "requester", now);
}

/** The client's line arrives. The first verdict moves money; the first other one after it is a mark. */
export function acknowledgeLine(
  book: Book,
  line: AcknowledgedLine,
  statement: string,
  now: number,
): Step {
  const acknowledgement = acknowledgementFacts(line, statement);
  const known = book.requests.get(line.k);
  if (!known) {
    const row = waitingRow(line.k, acknowledgement, now);
    return { ...answerOf(book, row), row, movements: [] };
  }
  if (known.acknowledgement) {
    const answer = answerOf(book, known);
    if (isSameWord(known.acknowledgement, acknowledgement)) return { ...answer, movements: [] };
    const marked = { ...answer, outcome: "replayed" as const, movements: [] };
    if (known.dispute || line.verdict === "ok") return marked;
    return { ...marked, row: { ...known, dispute: { statement, verdict: line.verdict, at: now } } };
  }
  const row = { ...known, acknowledgement };
  if (row.state !== "vesting" || row.receipt?.hmac)
    return { ...answerOf(book, row), row, movements: [] };
  return settleByVerdict(book, row, acknowledgement, row.cost - row.shortfall, "vesting", now);
}

/** Nobody spoke for a day: what vested is the provider's. Where an answer never came, it is decided now. */
export function vestRequest(book: Book, k: number, now: number): Step | undefined {
  const row = book.requests.get(k);
  if (row?.state !== "vesting" || row.vestsAt === null || row.vestsAt > now) return undefined;
  const settled: RequestRow = { ...row, state: "settled", vestsAt: null, settledAt: now };
  const amount = row.cost - row.shortfall;
  if (row.acknowledgement?.seen)
    return settleByVerdict(book, row, row.acknowledgement, amount, "vesting", now);
  if (row.acknowledgement) return endRefund(book, settled, amount);
  const vest = movement(k, "vest", vestingOf(book.payee), book.payee, amount);
  return { ...answerOf(book, settled), row: settled, movements: [vest] };
}

/** @param from where the captured amount is: still with the requester, or already in the vesting account */
function settleByVerdict(
  book: Book,
  row: RequestRow,
  acknowledgement: AcknowledgementFacts,
  captured: Micro,
  from: "requester" | "vesting",
  now: number,
): Step {
  const vesting = vestingOf(book.payee);
  const settled: RequestRow = { ...row, state: "settled", vestsAt: null, settledAt: now };
  const finish = (next: RequestRow, movements: Movement[]): Step => ({
    ...answerOf(book, next),
    row: next,
    movements: movements.filter(({ amount }) => amount > 0n),
  });

  if (acknowledgement.seen) {
    const { seen } = acknowledgement;
    const agreed = agreedCost(row.cost, figuresOf(row.receipt!, seen), seen, book.rate);
    const paid = agreed < captured ? agreed : captured;
    const source = from === "requester" ? book.account : vesting;
    const leg = from === "requester" ? "pay" : "vest";
    return finish({ ...settled, commons: captured - paid }, [
      movement(row.k, leg, source, book.payee, paid),
      movement(row.k, "commons", source, commons, captured - paid),
    ]);
  }

  // Not received or refused: through the vesting account, so that the way back is on record too.
  const pay = from === "requester" ? [movement(row.k, "pay", book.account, vesting, captured)] : [];
  if (isRefundable(book, row, captured)) {
    const refund = endRefund(book, settled, captured);
    return { ...refund, movements: [...pay, ...refund.movements] };
  }
  const vestsAt = row.vestsAt ?? now + limits.vestingMs;
  return finish({ ...row, state: "vesting", vestsAt, settledAt: null }, pay);
}

/** What is in the vesting account for an answer that never came goes back, or to the commons. */
function endRefund(book: Book, settled: RequestRow, amount: Micro): Step {
  const isBack = isRefundable(book, settled, amount);
  const row: RequestRow = isBack
    ? { ...settled, state: "reversed" }
    : { ...settled, commons: amount };
  const vesting = vestingOf(book.payee);
  const moved = isBack
    ? movement(row.k, "reverse", vesting, book.account, amount)
    : movement(row.k, "commons", vesting, commons, amount);
  return { ...answerOf(book, row), row, movements: [moved] };
}

/** Whether it was retried does not matter: who is both requester and provider retries for nothing. */
const isRefundable = ({ recent, hold }: Book, { k }: RequestRow, amount: Micro): boolean =>
  mayGiveBack(recent, requestName(hold, k), amount);

/** What can be captured now. A late line is paid from what is left, but only as far as the requester still has it. */
function capturable(book: Book, cost: Micro): Micro {
  const left = book.amount - book.captured;
  const atMost = cost < left ? cost : left;
  switch (book.state) {
    case "open":
      return atMost;
    case "expired":
      return atMost < book.available ? atMost : book.available;
    case "closed":
      return 0n;
    default:
      return book.state satisfies never;
  }
}

function freeAbortsOf(book: Book): number {
  let count = 0;
  for (const { receipt } of book.requests.values()) {
    if (!receipt) continue;
    const { finish, completionTokens, billedMs } = receipt;
    if (isFreeAbort({ finish, completion_tokens: completionTokens, billed_ms: billedMs }))
      count += 1;
  }
  return count;
}

/** A receipt by shared key says nothing of tokens: there the client's own bounds count. */
const figuresOf = (receipt: ReceiptFacts, seen: Usage): Usage =>
  receipt.hmac
    ? {
        billedMs: receipt.billedMs,
        promptTokens: seen.promptTokens,
        completionTokens: seen.completionTokens,
      }
    : receipt;

/** The same row gets the same answer, however often it is asked for. */
export function answerOf(book: Book, row: RequestRow): { outcome: LineOutcome; paid: Micro } {
  const paid = row.state === "reversed" ? 0n : row.cost - row.shortfall;
  if (row.state === "waiting") return { outcome: "waiting", paid: 0n };
  if (row.state === "reversed") return { outcome: "unpaid", paid };
  if (row.shortfall > 0n)
    return { outcome: wasInTime(book, row) ? "budget_exhausted" : "unpaid", paid };
  return { outcome: row.state, paid };
}

/** Whether the line found its hold open. In the very millisecond of the hold's end, the line that used it up did. */
const wasInTime = ({ endedAt, amount, captured }: Book, { receivedAt }: RequestRow): boolean =>
  endedAt === null || receivedAt < endedAt || (receivedAt === endedAt && captured === amount);

const movement = (
  k: number,
  leg: Movement["leg"],
  debit: string,
  credit: string,
  amount: Micro,
): Movement => ({ k, leg, debit, credit, amount });
