/** SQL of settlement: reads one hold's page under its locks, and writes what a statement changed in one statement. */
import { sql } from "kysely";
import { nameUuid, requestName } from "../../protocol/ids.ts";
import { assert } from "../../base/error.ts";
import type { Tx } from "../database.ts";
import { vestingPrefix } from "./account-names.ts";
import type { Book, HoldState, PaidRequest } from "./book.ts";
import { accountDeltas, type PageChanges } from "./page.ts";
import { recentRequests } from "./refund-allowance.ts";
import {
  isRefundQuestion,
  readRow,
  requestColumnNames,
  rowRecord,
  type RequestRecord,
} from "./request-record.ts";

const requestColumns = sql.raw(requestColumnNames.join(", "));
// Recovery prolongs a request's day without its hold's lock: on a row that goes on vesting the books know better.
const stillVesting =
  "case when excluded.vests_ms is null then null else coalesce(request.vests_ms, excluded.vests_ms) end";
const requestColumnsSent = sql.raw(
  requestColumnNames
    .map((name) => (name === "vests_ms" ? stillVesting : `excluded.${name}`))
    .join(", "),
);

export interface OpenedPage {
  book: Book;
  node: string;
  /** Numbers that the worker stated when it closed the hold early; null while it has not. */
  closingNumbers: number[] | null;
}

interface HoldRecord {
  account: string;
  payee: string;
  node: string;
  state: HoldState;
  amount: bigint;
  captured: bigint;
  per_second: bigint;
  per_prompt_token: bigint;
  per_completion_token: bigint;
  anchor: string;
  closed_ms: bigint | null;
  closing_numbers: number[] | null;
  /** Of the requester's account. */
  available: bigint;
  non_transferable: bigint;
}

/**
 * Locks the hold, then its accounts in id order, and reads the page. Every verb takes its locks in this order.
 * @param asksForRefund whether the lines at hand say that an answer never came
 */
export async function openPage(
  tx: Tx,
  hold: string,
  asksForRefund: boolean,
): Promise<OpenedPage | undefined> {
  // One round trip for all locks; the aggregates make the server take every one of them, in id order.
  const holds = await sql<HoldRecord>`
    with held as materialized (
      select account, payee, node, state, amount, captured, per_second, per_prompt_token,
        per_completion_token, anchor, closed_ms, closing_numbers
      from hold where id = ${hold} for no key update
    ), locked as materialized (
      select id, posted - held as available, non_transferable from account
      where id = any ((select array[account, payee, ${vestingPrefix} || payee] from held)::text[])
      order by id for no key update
    )
    select held.*, requester.available, requester.non_transferable
    from held, (
      select max(available) filter (where id = (select account from held)) as available,
        max(non_transferable) filter (where id = (select account from held)) as non_transferable
      from locked
    ) requester
  `.execute(tx);
  const found = holds.rows[0];
  if (!found) return undefined;
  assert(found.available !== null, "the account of a hold exists");
  // Not in the statement above: its snapshot may be older than the lock, and miss what was written meanwhile.
  const records = await sql<RequestRecord>`
    select ${requestColumns} from request where hold = ${hold}
  `.execute(tx);
  const requests = new Map(records.rows.map((record) => [record.k, readRow(record)]));
  const isAsked = asksForRefund || records.rows.some(isRefundQuestion);
  return {
    node: found.node,
    closingNumbers: found.closing_numbers,
    book: {
      hold,
      account: found.account,
      payee: found.payee,
      state: found.state,
      endedAt: found.closed_ms === null ? null : Number(found.closed_ms),
      amount: found.amount,
      captured: found.captured,
      rate: {
        perSecond: found.per_second,
        perPromptToken: found.per_prompt_token,
        perCompletionToken: found.per_completion_token,
      },
      anchor: found.anchor,
      available: found.available,
      starterLeft: found.non_transferable,
      requests,
      recent: isAsked ? await readRecent(tx, found.account) : [],
    },
  };
}

/** One more than is looked at: the one asked about may be among them. */
async function readRecent(tx: Tx, account: string): Promise<PaidRequest[]> {
  const { rows } = await sql<{ hold: string; k: number; paid: bigint; is_back: boolean }>`
    select hold, k, paid, is_back from (
      (
        select hold, k, cost - shortfall as paid, false as is_back, received_ms as at from request
        where account = ${account} and receipt is not null and cost > shortfall and state <> 'reversed'
        order by received_ms desc limit ${recentRequests + 1}
      ) union all (
        select hold, k, cost - shortfall, true, settled_ms from request
        where account = ${account} and state = 'reversed'
        order by settled_ms desc limit ${recentRequests + 1}
      )
    ) latest order by at desc, hold, k limit ${recentRequests + 1}
  `.execute(tx);
  return rows.map(({ hold, k, paid, is_back }) => ({
    name: requestName(hold, k),
    paid,
    isBack: is_back,
  }));
}

/** One signed text that is to be kept with the books. */
export interface KeptStatement {
  id: string;
  signer: string;
  jws: string;
}

/** Writes a page's changes. Accounts are locked already; those that are not materialised are left alone. */
export async function writePage(
  tx: Tx,
  book: Book,
  changes: PageChanges,
  statement: KeptStatement | undefined,
  now: number,
): Promise<void> {
  if (changes.rows.length === 0) return;
  const rows = changes.rows.map(rowRecord);
  const transfers = changes.movements.map(({ amount, ...movement }) => ({
    ...movement,
    id: nameUuid("transfer", book.hold, String(movement.k), movement.leg),
    amount: String(amount),
  }));
  const deltas = accountDeltas(book, changes).map(({ id, posted, held, nonTransferable }) => ({
    id,
    posted: String(posted),
    held: String(held),
    non_transferable: String(nonTransferable),
  }));
  const { rows: counted } = await sql<{ updated: bigint }>`
    with kept as (
      insert into statement (id, signer, jws, received_ms)
      select id, signer, jws, ${now}::bigint
      from jsonb_to_recordset(${JSON.stringify(statement ? [statement] : [])}::jsonb)
        as s (id text, signer text, jws text)
      on conflict (id) do nothing
    ), requests as (
      insert into request (hold, account, payee, ${requestColumns})
      select ${book.hold}::uuid, ${book.account}, ${book.payee}, ${requestColumns}
      from jsonb_populate_recordset(null::request, ${JSON.stringify(rows)}::jsonb)
      on conflict (hold, k) do update set
        (${requestColumns}) = (${requestColumnsSent})
    ), moved as (
      insert into transfer (id, debit, credit, amount, kind, hold, k, leg, created_ms)
      select id, debit, credit, amount, 'request', ${book.hold}::uuid, k, leg, ${now}::bigint
      from jsonb_to_recordset(${JSON.stringify(transfers)}::jsonb)
        as t (id uuid, debit text, credit text, amount bigint, k smallint, leg text)
    ), captured as (
      update hold set captured = captured + ${changes.captured}::bigint
      where id = ${book.hold} and ${changes.captured}::bigint <> 0
    ), balanced as (
      update account set posted = account.posted + d.posted, held = account.held + d.held,
        non_transferable = account.non_transferable + d.non_transferable
      from jsonb_to_recordset(${JSON.stringify(deltas)}::jsonb)
        as d (id text, posted bigint, held bigint, non_transferable bigint)
      where account.id = d.id
      returning 1
    )
    select count(*) as updated from balanced
  `.execute(tx);
  assert(counted[0]?.updated === BigInt(deltas.length), "every account of a page was updated");
}
