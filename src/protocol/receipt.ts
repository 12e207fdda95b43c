/** Accounts of requests: the worker's line, its signed batch (receipt), and the client's signed batch (acknowledgement). */
import { z } from "zod";
import { digestOf } from "./bytes.ts";
import { creditsText, parseCredits } from "./credits.ts";
import { uuidText } from "./ids.ts";
import { limits } from "./limits.ts";
import { secretNumber, secretPath, secretText } from "./secrets.ts";

/** How a request ended, in the worker's words. */
export const finishes = [
  "stop",
  "length",
  "tool_calls",
  "budget",
  "yielded",
  "client_gone",
  "cancelled",
  "timeout",
  "worker_error",
] as const;
export type Finish = (typeof finishes)[number];

const tokens = z.int().nonnegative().max(limits.tokensPerLine);
const milliseconds = z.int().nonnegative();
/** What a SHA-256 gives: free text of that length could hold what no database takes. */
const sha256Text = z.string().regex(/^[A-Za-z0-9_-]{43}$/, "a SHA-256 as base64url");

/** The worker's account of one request. The final frame of every answer carries it. Times are coordinator time. */
const lineFields = z.strictObject({
  k: secretNumber,
  x: secretText,
  path: secretPath,
  started: milliseconds,
  ended: milliseconds,
  /** First byte written to the engine to last byte read, less waiting for a slow reader and loading the model. */
  billed_ms: milliseconds,
  /** From admission to the first content; null where none came. */
  first_token_ms: milliseconds.nullable(),
  prompt_tokens: tokens,
  completion_tokens: tokens,
  /** True where the engine gave no usage and tokens are UTF-8 bytes ÷ 4, rounded up. */
  estimated: z.boolean(),
  finish: z.enum(finishes),
  cost: creditsText,
  /** Of the bytes that went over the wire: of the request all, of the answer all before its final frame. */
  request_hash: sha256Text.nullable(),
  response_hash: sha256Text.nullable(),
});

/**
 * Null where the process that saw the bytes was killed, and nowhere else. Keeping them in the journal would be a
 * write for each piece of an answer; but a line that says of nothing what it is for charges nothing either.
 */
function isAccountOfBytes({
  request_hash,
  response_hash,
  finish,
  cost,
}: z.infer<typeof lineFields>) {
  if (request_hash !== null && response_hash !== null) return true;
  const isLost = request_hash === null && response_hash === null;
  return isLost && finish === "worker_error" && parseCredits(cost) === 0n;
}

export const lineSchema = lineFields
  .refine(isAccountOfBytes, "hashes, unless it was lost and costs nothing")
  // A worker whose clock is set back meanwhile says that it ended when it began; its `billed_ms` is of another clock.
  .refine(({ started, ended }) => ended >= started, "an end that is not before its beginning");
export type Line = z.infer<typeof lineSchema>;

/** What an acknowledgement names: any two lines that differ in anything have different hashes. */
export const lineHash = (line: Line): string =>
  digestOf(
    JSON.stringify([
      "troop-line/2",
      line.k,
      line.x,
      line.path,
      line.started,
      line.ended,
      line.billed_ms,
      line.first_token_ms,
      line.prompt_tokens,
      line.completion_tokens,
      line.estimated,
      line.finish,
      line.cost,
      line.request_hash,
      line.response_hash,
    ]),
  );

export const receiptBody = z.strictObject({
  hold: uuidText,
  lines: z.array(lineSchema).min(1).max(limits.linesPerStatement),
});
export type ReceiptBody = z.infer<typeof receiptBody>;

/** The worker is done with a ticket: `numbers` are those it admitted. Sent like a receipt, as `troop-close+jwt`. */
export const closeBody = z.strictObject({
  hold: uuidText,
  numbers: z.array(secretNumber).max(limits.secretsPerTicket),
});
export type CloseBody = z.infer<typeof closeBody>;

const requestNameText = z.string().regex(/^[0-9a-f-]{36}\.[1-9][0-9]{0,2}$/, "<hold>.<k>");
/** Names other requests of the same account; only the coordinator learns it. */
const relations = {
  retry_of: requestNameText.optional(),
  continues: requestNameText.optional(),
  part: z.int().nonnegative().optional(),
};

export const acknowledgedLine = z.discriminatedUnion("verdict", [
  z.strictObject({
    k: secretNumber,
    verdict: z.enum(["ok", "differs"]),
    /** Of the whole line, and with it of the two hashes that it names. */
    line_hash: sha256Text,
    /** The client's own upper bounds. */
    billed_ms: milliseconds,
    prompt_tokens: tokens,
    completion_tokens: tokens,
    ...relations,
  }),
  z.strictObject({ k: secretNumber, verdict: z.enum(["not_received", "refused"]), ...relations }),
]);
export type AcknowledgedLine = z.infer<typeof acknowledgedLine>;

export const acknowledgementBody = z.strictObject({
  hold: uuidText,
  lines: z.array(acknowledgedLine).min(1).max(limits.linesPerStatement),
});
export type AcknowledgementBody = z.infer<typeof acknowledgementBody>;

/** `POST /receipts` and `POST /acknowledgements` carry a batch of statements and get one outcome per line. */
export const statementsRequest = z.strictObject({
  statements: z
    .array(z.string().max(limits.statementCallBytes))
    .min(1)
    .max(limits.statementsPerCall),
});

export const lineOutcomes = [
  "settled",
  "vesting",
  "unpaid",
  "replayed",
  "waiting",
  "receipt_conflict",
  "request_unproven",
  "budget_exhausted",
] as const;
export type LineOutcome = (typeof lineOutcomes)[number];

/**
 * `clock_skew`: signed in the future, or more than eight days ago. `account_revoked`: as long as the signer's account is
 * cut off; the same statement is sent again later.
 */
export const statementRefusals = [
  "hold_not_found",
  "invalid_signature",
  "clock_skew",
  "account_revoked",
] as const;

const lineOutcome = z.strictObject({
  k: secretNumber,
  outcome: z.enum(lineOutcomes),
  /** What the line moved in all so far. */
  paid: creditsText.optional(),
});
/** One per statement, in the order sent. A refused statement has no lines. Each answer but `clock_skew` and `account_revoked` is final. */
export const statementOutcome = z.discriminatedUnion("status", [
  z.strictObject({ status: z.literal("accepted"), hold: uuidText, lines: z.array(lineOutcome) }),
  z.strictObject({ status: z.literal("refused"), code: z.enum(statementRefusals) }),
]);
export type StatementOutcome = z.infer<typeof statementOutcome>;
export const statementsAnswer = z.strictObject({ outcomes: z.array(statementOutcome) });
