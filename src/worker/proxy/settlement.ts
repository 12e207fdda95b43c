/** What a request's end means: its finish, what it costs, and its line. Pure. */
import { formatCredits } from "../../protocol/credits.ts";
import { limits } from "../../protocol/limits.ts";
import { costOf, type Rate } from "../../protocol/price.ts";
import type { Finish, Line } from "../../protocol/receipt.ts";
import type { RevealedSecret } from "../../protocol/secrets.ts";
import type { Ending } from "./attempt.ts";
import { finishOf, type Metered } from "./meter.ts";

export function finishOfEnding(ending: Ending, finishReason: string | undefined): Finish {
  switch (ending.type) {
    case "whole":
      return finishOf(finishReason);
    case "refused":
    case "broken":
      return "worker_error";
    case "stopped":
      return ending.reason === "stopping" ? "worker_error" : ending.reason;
    default:
      return ending satisfies never;
  }
}

export interface Settlement {
  secret: RevealedSecret;
  /** Coordinator time, ms. */
  started: number;
  ended: number;
  /** Monotonic time of admission. */
  admittedAt: number;
  metered: Metered;
  finish: Finish;
  /** SHA-256, base64url, of what went over the wire: the request, and the answer before its final frame. */
  wireHashes: { request: string; response: string };
  rate: Rate;
  /** The owner's own request. */
  isOwn: boolean;
  /** Something of an answer went to the client. */
  isAnswered: boolean;
  /** It ended early enough, and seldom enough under this ticket, to cost nothing. */
  isFree: boolean;
}

/** Who hung up before the first token, within seconds, a few times a ticket, pays nothing. */
export const isFreeAbort = (
  finish: Finish,
  { firstContentAt }: Metered,
  elapsedMs: number,
  freeAborts: number,
): boolean =>
  finish === "client_gone" &&
  firstContentAt === undefined &&
  elapsedMs < limits.freeAbortMs &&
  freeAborts < limits.freeAbortsPerTicket;

/** A node that failed, or ended a request before it said anything, earns nothing. Who hung up pays for what ran. */
function isUnpaid({ finish, isOwn, isFree, isAnswered }: Settlement): boolean {
  if (isOwn || isFree || finish === "worker_error") return true;
  return !isAnswered && finish !== "client_gone";
}

export function lineOf(settlement: Settlement): Line {
  const { secret, started, ended, admittedAt, metered, finish, wireHashes, rate } = settlement;
  const { billedMs, promptTokens, completionTokens, estimated, firstContentAt } = metered;
  return {
    ...secret,
    started,
    // The coordinator's clock may have been corrected meanwhile; nothing ends before it started.
    ended: Math.max(started, ended),
    billed_ms: billedMs,
    first_token_ms: firstContentAt === undefined ? null : Math.round(firstContentAt - admittedAt),
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    estimated,
    finish,
    cost: formatCredits(isUnpaid(settlement) ? 0n : costOf(metered, rate)),
    request_hash: wireHashes.request,
    response_hash: wireHashes.response,
  };
}
