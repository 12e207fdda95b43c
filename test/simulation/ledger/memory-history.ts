/** An account's history from the tables in memory. */
import {
  byAge,
  type HistoryCursor,
  type StoredEntry,
} from "../../../src/coordinator/ledger/history-store.ts";
import type { HistoryKind } from "../../../src/protocol/endpoints.ts";
import type { HoldRow, StoredRequest, Tables, TransferRow } from "./tables.ts";

export function readHistory(
  tables: Tables,
  account: string,
  before: HistoryCursor | undefined,
  most: number,
  kind?: HistoryKind,
): StoredEntry[] {
  const requests = [...tables.requests.values()]
    .flatMap((ofHold) => [...ofHold.values()])
    .filter((request) => request.account === account || request.payee === account)
    .map((request) => requestEntry(request, tables.holds.get(request.hold)!));
  const transfers = [...tables.transfers.values()]
    .filter(({ kind, debit, credit }) => kind !== "request" && [debit, credit].includes(account))
    .map(transferEntry);
  return [...requests, ...transfers]
    .filter((entry) => !kind || kind === kindOf(entry))
    .filter((entry) => !before || (entry.id !== before.id && byAge(before, entry) < 0))
    .toSorted(byAge)
    .slice(0, most);
}

function kindOf(entry: StoredEntry): HistoryKind {
  if (entry.type === "transfer") return entry.kind;
  return entry.account === entry.payee ? "own" : "request";
}

function requestEntry(request: StoredRequest, hold: HoldRow): StoredEntry {
  const { receipt, acknowledgement } = request;
  return {
    type: "request",
    id: `${request.hold}.${request.k}`,
    at: request.receivedAt,
    hold: request.hold,
    k: request.k,
    account: request.account,
    payee: request.payee,
    node: hold.node,
    model: hold.model,
    state: request.state,
    cost: request.cost,
    shortfall: request.shortfall,
    commons: request.commons,
    billed_ms: receipt ? BigInt(receipt.billedMs) : null,
    prompt_tokens: receipt?.promptTokens ?? null,
    completion_tokens: receipt?.completionTokens ?? null,
    finish: receipt?.finish ?? null,
    hmac: receipt?.hmac ?? false,
    line_hash: receipt?.lineHash ?? null,
    verdict: acknowledgement?.verdict ?? null,
    disputed: request.dispute?.verdict ?? null,
    disputed_ms: request.dispute ? BigInt(request.dispute.at) : null,
    retry_of: acknowledgement?.retryOf ?? null,
    continues: acknowledgement?.continues ?? null,
    part: acknowledgement?.part ?? null,
    vests_ms: request.vestsAt === null ? null : BigInt(request.vestsAt),
    multiplier: hold.multiplier,
    per_second: hold.rate.perSecond,
    per_prompt_token: hold.rate.perPromptToken,
    per_completion_token: hold.rate.perCompletionToken,
  };
}

const transferEntry = ({
  id,
  at,
  kind,
  debit,
  credit,
  amount,
  memo,
}: TransferRow): StoredEntry => ({
  type: "transfer",
  id,
  at,
  kind: kind as Exclude<TransferRow["kind"], "request">,
  debit,
  credit,
  amount,
  memo,
});
