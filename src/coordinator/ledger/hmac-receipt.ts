/** Receipts by shared key, from the node's word to a request. Pure. */
import { digestOf } from "../../protocol/bytes.ts";
import { microPerCredit, picoToMicroUp, type Micro, type Pico } from "../../protocol/credits.ts";
import { limits } from "../../protocol/limits.ts";
import { isSecretOf, type RevealedSecret } from "../../protocol/secrets.ts";
import type { Book, ReceiptFacts } from "./book.ts";
import { answerOf, takeReceipt, type Step } from "./settlement.ts";

/** What a node says it did under a hold; its key is checked already. */
export interface HmacReceipt {
  hold: string;
  node: string;
  seconds: number;
  proof: RevealedSecret;
}

const mostCost = BigInt(limits.hmacReceiptCredits) * microPerCredit;

/** Seconds alone, since nobody counted tokens, and never more than a few credits. */
export function hmacCost(seconds: number, perSecond: Pico): Micro {
  const cost = picoToMicroUp(BigInt(seconds) * perSecond);
  return cost < mostCost ? cost : mostCost;
}

/** Any two receipts that differ in anything have different hashes; none is a line's. */
export const hmacHash = ({ hold, node, seconds, proof }: HmacReceipt): string =>
  digestOf(
    JSON.stringify(["troop-hmac-receipt/1", hold, node, seconds, proof.k, proof.x, proof.path]),
  );

/** One per hold, and none where a line came first. */
export function receiveHmac(
  book: Book,
  receipt: HmacReceipt,
  statement: string,
  now: number,
): Step {
  const hash = hmacHash(receipt);
  const { k } = receipt.proof;
  const known = book.requests.get(k);
  if (known?.receipt?.lineHash === hash) return { ...answerOf(book, known), movements: [] };
  if (!isSecretOf(book.anchor, receipt.proof))
    return { outcome: "request_unproven", paid: 0n, movements: [] };
  if ([...book.requests.values()].some((request) => request.receipt))
    return { outcome: "receipt_conflict", paid: 0n, movements: [] };
  const facts: ReceiptFacts = {
    statement,
    lineHash: hash,
    billedMs: receipt.seconds * 1_000,
    promptTokens: 0,
    completionTokens: 0,
    estimated: true,
    finish: "stop",
    firstTokenMs: null,
    started: now - receipt.seconds * 1_000,
    ended: now,
    hmac: true,
  };
  const isOwn = book.account === book.payee;
  const cost = isOwn ? 0n : hmacCost(receipt.seconds, book.rate.perSecond);
  return takeReceipt(book, k, facts, cost, now);
}
