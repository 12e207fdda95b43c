/** SQL of settlement: reads one hold's page under its locks, and writes what a statement changed in one statement. */
import { sql } from "kysely";
import { divideDown, microPerCredit, type Micro } from "../../protocol/credits.ts";
import { nameUuid, requestName } from "../../protocol/ids.ts";
import { assert } from "../../base/error.ts";
import type { Tx } from "../database.ts";
import { vestingOf } from "./account-names.ts";
import type { Book, HoldState, RefundAllowance } from "./book.ts";
import type { PageChanges } from "./page.ts";
import {
  isRefundQuestion,
  readRow,
  requestColumnNames,
  rowRecord,
  type RequestRecord,
} from "./request-record.ts";

const requestColumns = sql.raw(requestColumnNames.join(", "));
const requestColumnsSent = sql.raw(requestColumnNames.map((name) => `excluded.${name}`).join(", "));

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
  closing_numbers: number[] | null;
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
  const holds = await sql<HoldRecord>`
    select account, payee, node, state, amount, captured, per_second, per_prompt_token,
      per_completion_token, anchor, closing_numbers
    from hold where id = ${hold} for no key update
  `.execute(tx);
  const found = holds.rows[0];
  if (!found) return undefined;
  const accounts = await sql<{ id: string; available: bigint; non_transferable: bigint }>`
    select id, posted - held as available, non_transferable from account
    where id in (${found.account}, ${found.payee}, ${vestingOf(found.payee)})
    order by id for no key update
  `.execute(tx);
  const requester = accounts.rows.find(({ id }) => id === found.account);
  assert(requester, "the account of a hold exists");
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
      amount: found.amount,
      captured: found.captured,
      rate: {
        perSecond: found.per_second,
        perPromptToken: found.per_prompt_token,
        perCompletionToken: found.per_completion_token,
      },
      anchor: found.anchor,
      available: requester.available,
      starterLeft: requester.non_transferable,
      requests,
      retriedElsewhere: isAsked ? await readRetries(tx, hold, found) : new Set(),
      refunds: isAsked ? await readAllowance(tx, found.account) : { requests: 0, credits: 0n },
    },
  };
}

async function readRetries(
  tx: Tx,
  hold: string,
  { account, payee }: HoldRecord,
): Promise<Set<number>> {
  const names = Array.from({ length: 256 }, (_, index) => requestName(hold, index + 1));
  const { rows } = await sql<{ k: number }>`
    select split_part(retry_of, '.', 2)::int as k from request
    where account = ${account} and retry_of = any(${names}::text[])
      and state = 'settled' and verdict = 'ok' and payee <> ${payee}
  `.execute(tx);
  return new Set(rows.map(({ k }) => k));
}

const recentRequests = 50;
const refundPercent = 2n;

async function readAllowance(tx: Tx, account: string): Promise<RefundAllowance> {
  const { rows } = await sql<{ requests: bigint; credits: bigint; back: bigint; returned: bigint }>`
    select count(*) as requests, coalesce(sum(paid), 0)::bigint as credits,
      count(*) filter (where state = 'reversed') as back,
      coalesce(sum(paid) filter (where state = 'reversed'), 0)::bigint as returned
    from (
      select cost - shortfall as paid, state from request
      where account = ${account} and receipt is not null and cost > shortfall
      order by received_ms desc limit ${recentRequests}
    ) recent
  `.execute(tx);
  const { requests, credits, back, returned } = rows[0]!;
  const share = (amount: bigint) => divideDown(amount * refundPercent, 100n);
  const most = (left: bigint, right: bigint) => (left > right ? left : right);
  return {
    requests: Number(most(1n, share(requests)) - back),
    credits: most(microPerCredit, share(credits)) - returned,
  };
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
  const deltas = accountDeltas(book, changes);
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

interface AccountDelta {
  id: string;
  posted: string;
  held: string;
  non_transferable: string;
}

function accountDeltas(
  book: Book,
  { movements, captured, starterSpent }: PageChanges,
): AccountDelta[] {
  const posted = new Map<string, Micro>();
  const add = (id: string, amount: Micro) => posted.set(id, (posted.get(id) ?? 0n) + amount);
  for (const { debit, credit, amount } of movements) {
    add(debit, -amount);
    add(credit, amount);
  }
  const materialised = [book.account, book.payee, vestingOf(book.payee)];
  return materialised
    .filter((id) => posted.has(id))
    .map((id) => {
      const isRequester = id === book.account;
      // What an open hold pays was reserved until now.
      const held = isRequester && book.state === "open" ? -captured : 0n;
      return {
        id,
        posted: String(posted.get(id)),
        held: String(held),
        non_transferable: String(isRequester ? -starterSpent : 0n),
      };
    });
}
