/** What counts as which event, and what of it goes on record. Pure. */
import {
  formatCredits,
  formatMultiplier,
  parseCredits,
  type Micro,
} from "../../protocol/credits.ts";
import type { AuthorizeAnswer, SubmitAnswer, TransferAnswer } from "../../protocol/endpoints.ts";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import type { LineOutcome, StatementOutcome } from "../../protocol/receipt.ts";
import type { Refusal } from "../limits/limiter.ts";
import type { VerdictRow } from "../verification/verdict-store.ts";
import type { AuditEvent } from "./audit-log.ts";

/** Who called, as far as that is known. */
export interface Caller {
  user?: string | undefined;
  ip?: string | undefined;
}

export const ticketGiven = (
  caller: Caller,
  { hold, node, budget }: AuthorizeAnswer,
  model: string,
): AuditEvent => ({
  ...caller,
  type: "authorization",
  details: { event: "ticket_given", hold, node: node.node_id, model, budget },
});

export const gift = (caller: Caller, { id, to, amount }: TransferAnswer): AuditEvent => ({
  ...caller,
  type: "transaction",
  details: { event: "gift", id, to, amount },
});

export const hmacReceiptTaken = (
  caller: Caller,
  { job_id: hold, outcome, paid }: SubmitAnswer,
): AuditEvent => ({
  ...caller,
  type: "transaction",
  details: { event: "hmac_receipt", hold, outcome, paid },
});

export const starterGranted = (account: string, amount: Micro): AuditEvent => ({
  type: "transaction",
  user: account,
  details: { event: "starter_credits", amount: formatCredits(amount) },
});

/** Nobody acknowledged these within their day: they were paid out, or given up to the commons. */
export const vestedByTime = (holds: readonly string[], requests: number): AuditEvent => ({
  type: "transaction",
  details: { event: "vested", requests, holds: [...holds] },
});

/** Of lines: what speaks of a lie rather than of a second delivery. */
const suspicious: ReadonlySet<LineOutcome> = new Set(["receipt_conflict", "request_unproven"]);

/** A call's statements together: what they settled, and what was wrong with them. */
export function statementsTaken(
  event: "receipts" | "acknowledgements",
  caller: Caller,
  outcomes: readonly StatementOutcome[],
): AuditEvent[] {
  const accepted = outcomes.filter((outcome) => outcome.status === "accepted");
  const refused = outcomes.filter((outcome) => outcome.status === "refused");
  const lines = accepted.flatMap(({ hold, lines: some }) =>
    some.map((line) => ({ hold, ...line })),
  );
  const paid = lines.reduce((sum, line) => sum + parseCredits(line.paid ?? "0.000000"), 0n);
  const odd = lines.filter(({ outcome }) => suspicious.has(outcome));
  const forged = refused.filter(({ code }) => code === "invalid_signature");
  return [
    ...(lines.length > 0
      ? [
          {
            ...caller,
            type: "transaction" as const,
            details: {
              ...{ event, lines: lines.length, ...countsOf(lines.map(({ outcome }) => outcome)) },
              // What the lines moved in all, also where some of it was on record before.
              paid: formatCredits(paid),
              holds: [...new Set(lines.map(({ hold }) => hold))],
            },
          },
        ]
      : []),
    ...(odd.length + forged.length > 0
      ? [
          {
            ...caller,
            type: "security" as const,
            details: {
              event: `${event}_refused`,
              ...countsOf([
                ...odd.map(({ outcome }) => outcome),
                ...forged.map(({ code }) => code),
              ]),
              holds: [...new Set(odd.map(({ hold }) => hold))],
            },
          },
        ]
      : []),
  ];
}

const countsOf = (names: readonly string[]): Record<string, number> =>
  Object.fromEntries(
    Map.groupBy(names, (name) => name)
      .entries()
      .map(([name, all]) => [name, all.length]),
  );

/** Once a window for each bucket. */
export const limitReached = ({ bucket, limit, address: ip, known: user }: Refusal): AuditEvent => ({
  ...{ type: "rate_limit", user, ip },
  details: { event: "limit_reached", bucket, limit },
});

/** Of a node's hardware. A refuted one opened its commitment wrongly, and is in quarantine. */
export const verdictGiven = ({
  node,
  trial,
  outcome,
  multiplier,
  provenance,
  details,
}: VerdictRow): AuditEvent => ({
  type: "security",
  user: node,
  details: {
    event: outcome === "refuted" ? "node_quarantined" : `hardware_${outcome}`,
    ...{ trial, provenance, multiplier: formatMultiplier(multiplier) },
    ...(typeof details["why"] === "string" ? { why: details["why"] } : {}),
  },
});

/** Calls that somebody made who is not who they say, or says what is not so, or says it again. */
const attempts: ReadonlySet<ErrorCode> = new Set([
  "invalid_proof",
  "body_hash_mismatch",
  "clock_skew",
  "node_key_mismatch",
  "invalid_enrolment",
  "invalid_link",
  "invalid_signature",
  "not_owner",
  "invite_invalid",
  "puzzle_invalid",
  "challenge_invalid",
  "stale_heartbeat",
  "receipt_conflict",
  "request_unproven",
  "idempotency_mismatch",
] satisfies ErrorCode[]);

/** @param route as it was registered. @returns undefined for a failure that needs no record */
export function callRefused(
  caller: Caller,
  route: string | undefined,
  { code, status }: { code: ErrorCode; status: number },
): AuditEvent | undefined {
  if (attempts.has(code))
    return { ...caller, type: "security", details: { event: code, route: route ?? "" } };
  if (route === "/authorize" && (status === 402 || status === 403))
    return { ...caller, type: "authorization", details: { event: "ticket_refused", code } };
  return undefined;
}
