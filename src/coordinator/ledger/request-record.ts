/** A request's row as the database holds it, and the way to and from the rules' form. */
import type { Finish } from "../../protocol/receipt.ts";
import type { Dispute, RequestRow, RequestState, Verdict } from "./book.ts";

/** Columns that settlement reads and writes; the hold and its two parties are written once. */
export const requestColumnNames = [
  "k",
  "state",
  "cost",
  "shortfall",
  "commons",
  "starter",
  "receipt",
  "line_hash",
  "billed_ms",
  "prompt_tokens",
  "completion_tokens",
  "estimated",
  "finish",
  "first_token_ms",
  "started_ms",
  "ended_ms",
  "hmac",
  "acknowledgement",
  "verdict",
  "acknowledged_hash",
  "acknowledged_ms",
  "acknowledged_prompt_tokens",
  "acknowledged_completion_tokens",
  "retry_of",
  "continues",
  "part",
  "dispute",
  "disputed",
  "disputed_ms",
  "received_ms",
  "vests_ms",
  "settled_ms",
] as const;

export interface RequestRecord {
  k: number;
  state: RequestState;
  cost: bigint;
  shortfall: bigint;
  commons: bigint;
  starter: bigint;
  receipt: string | null;
  line_hash: string | null;
  billed_ms: bigint | null;
  prompt_tokens: number | null;
  completion_tokens: number | null;
  estimated: boolean | null;
  finish: Finish | null;
  first_token_ms: bigint | null;
  started_ms: bigint | null;
  ended_ms: bigint | null;
  hmac: boolean;
  acknowledgement: string | null;
  verdict: Verdict | null;
  acknowledged_hash: string | null;
  acknowledged_ms: bigint | null;
  acknowledged_prompt_tokens: number | null;
  acknowledged_completion_tokens: number | null;
  retry_of: string | null;
  continues: string | null;
  part: number | null;
  dispute: string | null;
  disputed: Dispute["verdict"] | null;
  disputed_ms: bigint | null;
  received_ms: bigint;
  vests_ms: bigint | null;
  settled_ms: bigint | null;
}

/** What decides it, a receipt or the end of its day, must know what refunds are left. */
export const isRefundQuestion = ({ state, verdict }: RequestRecord): boolean =>
  (state === "waiting" || state === "vesting") &&
  (verdict === "not_received" || verdict === "refused");

const toNumber = (value: bigint | null): number | null => (value === null ? null : Number(value));

export function readRow(record: RequestRecord): RequestRow {
  return {
    k: record.k,
    state: record.state,
    cost: record.cost,
    shortfall: record.shortfall,
    commons: record.commons,
    starter: record.starter,
    receipt:
      record.receipt === null
        ? null
        : {
            statement: record.receipt,
            lineHash: record.line_hash!,
            billedMs: Number(record.billed_ms),
            promptTokens: record.prompt_tokens!,
            completionTokens: record.completion_tokens!,
            estimated: record.estimated!,
            finish: record.finish!,
            firstTokenMs: toNumber(record.first_token_ms),
            started: Number(record.started_ms),
            ended: Number(record.ended_ms),
            hmac: record.hmac,
          },
    acknowledgement:
      record.acknowledgement === null
        ? null
        : {
            statement: record.acknowledgement,
            verdict: record.verdict!,
            seen:
              record.acknowledged_hash === null
                ? null
                : {
                    lineHash: record.acknowledged_hash,
                    billedMs: Number(record.acknowledged_ms),
                    promptTokens: record.acknowledged_prompt_tokens!,
                    completionTokens: record.acknowledged_completion_tokens!,
                  },
            retryOf: record.retry_of,
            continues: record.continues,
            part: record.part,
          },
    dispute:
      record.dispute === null
        ? null
        : {
            statement: record.dispute,
            verdict: record.disputed!,
            at: Number(record.disputed_ms),
          },
    receivedAt: Number(record.received_ms),
    vestsAt: toNumber(record.vests_ms),
    settledAt: toNumber(record.settled_ms),
  };
}

/** As JSON for `jsonb_populate_recordset`: amounts as text, since JSON's numbers are floats. */
export function rowRecord(row: RequestRow): Record<keyof RequestRecord, unknown> {
  const { receipt, acknowledgement } = row;
  return {
    k: row.k,
    state: row.state,
    cost: String(row.cost),
    shortfall: String(row.shortfall),
    commons: String(row.commons),
    starter: String(row.starter),
    receipt: receipt?.statement ?? null,
    line_hash: receipt?.lineHash ?? null,
    billed_ms: receipt?.billedMs ?? null,
    prompt_tokens: receipt?.promptTokens ?? null,
    completion_tokens: receipt?.completionTokens ?? null,
    estimated: receipt?.estimated ?? null,
    finish: receipt?.finish ?? null,
    first_token_ms: receipt?.firstTokenMs ?? null,
    started_ms: receipt?.started ?? null,
    ended_ms: receipt?.ended ?? null,
    hmac: receipt?.hmac ?? false,
    acknowledgement: acknowledgement?.statement ?? null,
    verdict: acknowledgement?.verdict ?? null,
    acknowledged_hash: acknowledgement?.seen?.lineHash ?? null,
    acknowledged_ms: acknowledgement?.seen?.billedMs ?? null,
    acknowledged_prompt_tokens: acknowledgement?.seen?.promptTokens ?? null,
    acknowledged_completion_tokens: acknowledgement?.seen?.completionTokens ?? null,
    retry_of: acknowledgement?.retryOf ?? null,
    continues: acknowledgement?.continues ?? null,
    part: acknowledgement?.part ?? null,
    dispute: row.dispute?.statement ?? null,
    disputed: row.dispute?.verdict ?? null,
    disputed_ms: row.dispute?.at ?? null,
    received_ms: row.receivedAt,
    vests_ms: row.vestsAt,
    settled_ms: row.settledAt,
  };
}
