/** From the wire's lines to the facts that the books keep. Pure. */
import { lineHash, type AcknowledgedLine, type Line } from "../../protocol/receipt.ts";
import type { AcknowledgementFacts, ReceiptFacts, RequestRow } from "./book.ts";

/** @param statement hash of the signed text that the line came in */
export const receiptFacts = (line: Line, statement: string): ReceiptFacts => ({
  statement,
  lineHash: lineHash(line),
  billedMs: line.billed_ms,
  promptTokens: line.prompt_tokens,
  completionTokens: line.completion_tokens,
  estimated: line.estimated,
  finish: line.finish,
  firstTokenMs: line.first_token_ms,
  started: line.started,
  ended: line.ended,
  hmac: false,
});

export function acknowledgementFacts(
  line: AcknowledgedLine,
  statement: string,
): AcknowledgementFacts {
  const seen =
    line.verdict === "ok" || line.verdict === "differs"
      ? {
          lineHash: line.line_hash,
          billedMs: line.billed_ms,
          promptTokens: line.prompt_tokens,
          completionTokens: line.completion_tokens,
        }
      : null;
  return {
    statement,
    verdict: line.verdict,
    seen,
    retryOf: line.retry_of ?? null,
    continues: line.continues ?? null,
    part: line.part ?? null,
  };
}

/** True where two acknowledgements of a request say the same, whichever statement they came in. */
export const isSameWord = (left: AcknowledgementFacts, right: AcknowledgementFacts): boolean =>
  left.verdict === right.verdict &&
  left.seen?.lineHash === right.seen?.lineHash &&
  left.seen?.billedMs === right.seen?.billedMs &&
  left.seen?.promptTokens === right.seen?.promptTokens &&
  left.seen?.completionTokens === right.seen?.completionTokens;

/** A request of which only the client has spoken. */
export const waitingRow = (
  k: number,
  acknowledgement: AcknowledgementFacts,
  now: number,
): RequestRow => ({
  k,
  state: "waiting",
  cost: 0n,
  shortfall: 0n,
  commons: 0n,
  starter: 0n,
  receipt: null,
  acknowledgement,
  dispute: null,
  receivedAt: now,
  vestsAt: null,
  settledAt: null,
});
