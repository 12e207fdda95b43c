/** From stored rows to history entries that explain each charge. Pure. */
import {
  divideUp,
  formatCredits,
  formatMultiplier,
  microPerCredit,
  picoToMicroUp,
  type Micro,
} from "../../protocol/credits.ts";
import type { HistoryEntry } from "../../protocol/endpoints.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { costOf, isCappedByTokens, type Rate, type Usage } from "../../protocol/price.ts";
import type { HistoryCursor, RequestEntry, StoredEntry, TransferEntry } from "./history-store.ts";

export function historyEntry(account: string, entry: StoredEntry): HistoryEntry {
  switch (entry.type) {
    case "request":
      return requestEntry(account, entry);
    case "transfer":
      return transferEntry(account, entry);
    default:
      return entry satisfies never;
  }
}

function transferEntry(account: string, entry: TransferEntry): HistoryEntry {
  const isCredit = entry.credit === account;
  return {
    id: entry.id,
    user_id: account,
    amount: formatCredits(isCredit ? entry.amount : -entry.amount),
    transaction_type: isCredit ? "credit" : "debit",
    kind: entry.kind,
    description: entry.memo ?? entry.kind,
    metadata: { from: entry.debit, to: entry.credit },
    created_at: entry.at,
  };
}

function requestEntry(account: string, entry: RequestEntry): HistoryEntry {
  const isRequester = entry.account === account;
  const amount = isRequester ? -spent(entry) : earned(entry);
  return {
    id: entry.id,
    user_id: account,
    amount: formatCredits(amount),
    transaction_type: isRequester ? "debit" : "credit",
    kind: entry.account === entry.payee ? "own" : "request",
    description: describe(entry),
    metadata: {
      hold: entry.hold,
      k: entry.k,
      node: entry.node,
      model: entry.model,
      state: entry.state,
      cost: formatCredits(entry.cost),
      shortfall: formatCredits(entry.shortfall),
      commons: formatCredits(entry.commons),
      multiplier: formatMultiplier(entry.multiplier),
      billed_ms: toNumber(entry.billed_ms),
      prompt_tokens: entry.prompt_tokens,
      completion_tokens: entry.completion_tokens,
      finish: entry.finish,
      line_hash: entry.line_hash,
      verdict: entry.verdict,
      disputed: entry.disputed,
      disputed_at: toNumber(entry.disputed_ms),
      vests_at: toNumber(entry.vests_ms),
      // Which requests belong together is the requester's own affair.
      retry_of: isRequester ? entry.retry_of : null,
      continues: isRequester ? entry.continues : null,
      part: isRequester ? entry.part : null,
    },
    created_at: entry.at,
  };
}

const toNumber = (value: bigint | null): number | null => (value === null ? null : Number(value));

const captured = ({ cost, shortfall }: RequestEntry): Micro => cost - shortfall;
const spent = (entry: RequestEntry): Micro => (entry.state === "reversed" ? 0n : captured(entry));
const earned = (entry: RequestEntry): Micro =>
  entry.state === "reversed" ? 0n : captured(entry) - entry.commons;

const rateOf = (entry: RequestEntry): Rate => ({
  perSecond: entry.per_second,
  perPromptToken: entry.per_prompt_token,
  perCompletionToken: entry.per_completion_token,
});

/** `12.4 s × 1.8000`, or what bounded the charge instead, and what became of it. */
function describe(entry: RequestEntry): string {
  if (entry.billed_ms === null) return "acknowledged; the node's receipt has not come yet";
  if (entry.account === entry.payee) return "own node: free";
  const usage: Usage = {
    billedMs: Number(entry.billed_ms),
    promptTokens: entry.prompt_tokens ?? 0,
    completionTokens: entry.completion_tokens ?? 0,
  };
  const notes = [chargeText(usage, entry)];
  if (entry.shortfall > 0n) notes.push(`${shown(entry.shortfall)} not covered by the ticket`);
  if (entry.commons > 0n) notes.push(`${shown(entry.commons)} disputed, to the commons`);
  if (entry.state === "vesting")
    notes.push(entry.verdict ? "in doubt, decided within a day" : "vesting until acknowledged");
  if (entry.state === "reversed") notes.push("given back");
  if (entry.disputed) notes.push("disputed");
  return notes.join("; ");
}

function chargeText(usage: Usage, entry: RequestEntry): string {
  const seconds = `${(usage.billedMs / 1_000).toFixed(1)} s`;
  const multiplier = formatMultiplier(entry.multiplier);
  if (entry.cost === 0n) return `${seconds}: free`;
  if (entry.hmac) return `${seconds} × ${multiplier}, by a receipt without the node's signature`;
  const rate = rateOf(entry);
  if (entry.cost < costOf(usage, rate))
    return `${seconds} × ${multiplier}, the node asked for less`;
  if (!isCappedByTokens(usage, rate)) return `${seconds} × ${multiplier}`;
  const { promptTokens, completionTokens } = usage;
  const byTime = picoToMicroUp(divideUp(BigInt(usage.billedMs) * rate.perSecond, 1_000n));
  return `capped by tokens (${promptTokens} + ${completionTokens}): ${shown(entry.cost)} of ${shown(byTime)} for ${seconds} × ${multiplier}`;
}

/** Short for people: as many decimals as say something. */
function shown(amount: Micro): string {
  const text = formatCredits(amount);
  return amount >= microPerCredit ? text.slice(0, -4) : text;
}

export const writeCursor = ({ at, id }: HistoryCursor): string =>
  Buffer.from(`${at} ${id}`).toString("base64url");

/** @throws TroopError `invalid_value` */
export function readCursor(text: string): HistoryCursor {
  const match = /^(\d{1,15}) ([0-9a-f-]{36}(?:\.\d{1,3})?)$/.exec(
    Buffer.from(text, "base64url").toString("utf8"),
  );
  if (!match)
    throw new TroopError("invalid_value", "The cursor is not one that was given out here.", {
      param: "cursor",
    });
  return { at: Number(match[1]), id: match[2]! };
}
