/** SQL of an account's history: its requests on either side, and every other transfer it took part in. */
import { sql } from "kysely";
import type { HistoryKind } from "../../protocol/endpoints.ts";
import type { Finish } from "../../protocol/receipt.ts";
import { reaching, type Database } from "../database.ts";
import type { RequestState, Verdict } from "./book.ts";

/** Where a page of the history begins: entries older than this one. */
export interface HistoryCursor {
  at: number;
  id: string;
}

interface Entry {
  id: string;
  at: number;
}

export interface RequestEntry extends Entry {
  type: "request";
  hold: string;
  k: number;
  account: string;
  payee: string;
  node: string;
  model: string;
  state: RequestState;
  cost: bigint;
  shortfall: bigint;
  commons: bigint;
  billed_ms: bigint | null;
  prompt_tokens: number | null;
  completion_tokens: number | null;
  finish: Finish | null;
  hmac: boolean;
  line_hash: string | null;
  verdict: Verdict | null;
  disputed: Verdict | null;
  disputed_ms: bigint | null;
  retry_of: string | null;
  continues: string | null;
  part: number | null;
  vests_ms: bigint | null;
  multiplier: number;
  per_second: bigint;
  per_prompt_token: bigint;
  per_completion_token: bigint;
}

export interface TransferEntry extends Entry {
  type: "transfer";
  kind: "issue" | "grant" | "gift";
  debit: string;
  credit: string;
  amount: bigint;
  memo: string | null;
}

export type StoredEntry = RequestEntry | TransferEntry;

const collate = sql.raw(`collate "C"`);

/** Newest first, at most `most` entries, of one kind only where one is named. */
export async function readHistory(
  database: Database,
  account: string,
  before: HistoryCursor | undefined,
  most: number,
  kind?: HistoryKind,
): Promise<StoredEntry[]> {
  const isOfRequests = kind === "request" || kind === "own";
  return reaching(async () => {
    const requests =
      kind && !isOfRequests ? [] : await readRequests(database, account, before, most, kind);
    const transfers = isOfRequests
      ? []
      : await readTransfers(database, account, before, most, kind);
    return [...requests, ...transfers].toSorted(byAge).slice(0, most);
  });
}

// Of one instant, requests are newer than other transfers: an account has its first credits before it spends them.
const isRequest = (id: string): boolean => id.includes(".");
export const byAge = (left: HistoryCursor, right: HistoryCursor): number =>
  right.at - left.at ||
  Number(isRequest(right.id)) - Number(isRequest(left.id)) ||
  (right.id > left.id ? 1 : -1);

type Stored<Row extends Entry> = Omit<Row, "type" | "at"> & { at: bigint };

async function readRequests(
  database: Database,
  account: string,
  before: HistoryCursor | undefined,
  most: number,
  kind: HistoryKind | undefined,
): Promise<RequestEntry[]> {
  const olderThan = !before
    ? sql``
    : isRequest(before.id)
      ? sql`and (received_ms, (hold || '.' || k) ${collate}) < (${before.at}::bigint, ${before.id})`
      : sql`and received_ms < ${before.at}::bigint`;
  const ofKind =
    kind === "own"
      ? sql`and account = payee`
      : kind === "request"
        ? sql`and account <> payee`
        : sql``;
  const side = (column: "account" | "payee") => sql`
    select * from request where ${sql.ref(column)} = ${account} ${ofKind} ${olderThan}
    order by received_ms desc, (hold || '.' || k) ${collate} desc limit ${most}
  `;
  // One branch per index; `or` would read the whole of one of them.
  const { rows } = await sql<Stored<RequestEntry>>`
    select r.hold || '.' || r.k as id, r.received_ms as at, r.hold, r.k, r.account, r.payee, h.node,
      h.model, r.state, r.cost, r.shortfall, r.commons, r.billed_ms, r.prompt_tokens,
      r.completion_tokens, r.finish, r.hmac, r.line_hash, r.verdict, r.disputed, r.disputed_ms,
      r.retry_of, r.continues, r.part, r.vests_ms, h.multiplier,
      h.per_second, h.per_prompt_token, h.per_completion_token
    from ((${side("account")}) union (${side("payee")})) r join hold h on h.id = r.hold
  `.execute(database);
  return rows.map((row) => ({ ...row, type: "request", at: Number(row.at) }));
}

async function readTransfers(
  database: Database,
  account: string,
  before: HistoryCursor | undefined,
  most: number,
  kind: HistoryKind | undefined,
): Promise<TransferEntry[]> {
  const olderThan = !before
    ? sql``
    : isRequest(before.id)
      ? sql`and created_ms <= ${before.at}::bigint`
      : sql`and (created_ms, (id::text) ${collate}) < (${before.at}::bigint, ${before.id})`;
  const ofKind = kind ? sql`and kind = ${kind}` : sql`and kind <> 'request'`;
  const side = (column: "debit" | "credit") => sql`
    select id, created_ms, kind, debit, credit, amount, memo from transfer
    where ${sql.ref(column)} = ${account} ${ofKind} ${olderThan}
    order by created_ms desc, (id::text) ${collate} desc limit ${most}
  `;
  const { rows } = await sql<Stored<TransferEntry>>`
    select id, created_ms as at, kind, debit, credit, amount, memo
    from ((${side("debit")}) union (${side("credit")})) t
  `.execute(database);
  return rows.map((row) => ({ ...row, type: "transfer", at: Number(row.at) }));
}
