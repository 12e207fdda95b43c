/** One hold's page in memory: read for the rules, and written with what they changed. */
import type { Book, PaidRequest } from "../../../src/coordinator/ledger/book.ts";
import { accountDeltas, type PageChanges } from "../../../src/coordinator/ledger/page.ts";
import type { KeptStatement, OpenedPage } from "../../../src/coordinator/ledger/page-store.ts";
import { recentRequests } from "../../../src/coordinator/ledger/refund-allowance.ts";
import { nameUuid, requestName } from "../../../src/protocol/ids.ts";
import type { StoredRequest, Tables } from "./tables.ts";

export function openPage(
  tables: Tables,
  id: string,
  asksForRefund: boolean,
): OpenedPage | undefined {
  const hold = tables.holds.get(id);
  if (!hold) return undefined;
  const requester = tables.accounts.get(hold.account)!;
  const requests = tables.requests.get(id) ?? new Map<number, StoredRequest>();
  const isAsked = asksForRefund || [...requests.values()].some(isRefundQuestion);
  return {
    node: hold.node,
    closingNumbers: hold.closingNumbers,
    book: {
      hold: id,
      account: hold.account,
      payee: hold.payee,
      state: hold.state,
      endedAt: hold.endedAt,
      amount: hold.amount,
      captured: hold.captured,
      rate: hold.rate,
      anchor: hold.anchor,
      available: requester.posted - requester.held,
      starterLeft: requester.nonTransferable,
      requests,
      recent: isAsked ? recentOf(tables, hold.account) : [],
    },
  };
}

const isRefundQuestion = ({ state, acknowledgement }: StoredRequest): boolean =>
  (state === "waiting" || state === "vesting") &&
  acknowledgement !== null &&
  acknowledgement.seen === null;

function* requestsOf(tables: Tables, account: string): Generator<StoredRequest> {
  for (const requests of tables.requests.values())
    for (const request of requests.values()) if (request.account === account) yield request;
}

function recentOf(tables: Tables, account: string): PaidRequest[] {
  const placeOf = ({ state, receivedAt, settledAt }: StoredRequest) =>
    state === "reversed" ? settledAt! : receivedAt;
  return [...requestsOf(tables, account)]
    .filter(({ receipt, cost, shortfall }) => receipt !== null && cost > shortfall)
    .toSorted((left, right) => placeOf(right) - placeOf(left) || (left.hold < right.hold ? -1 : 1))
    .slice(0, recentRequests + 1)
    .map(({ hold, k, cost, shortfall, state }) => ({
      name: requestName(hold, k),
      paid: cost - shortfall,
      isBack: state === "reversed",
    }));
}

export function writePage(
  tables: Tables,
  book: Book,
  changes: PageChanges,
  statement: KeptStatement | undefined,
  now: number,
): void {
  if (changes.rows.length === 0) return;
  if (statement) tables.keepStatement(statement);
  const { hold, account, payee } = book;
  for (const row of changes.rows) tables.putRequest({ ...row, hold, account, payee });
  for (const { k, leg, debit, credit, amount } of changes.movements) {
    tables.addTransfer({
      id: nameUuid("transfer", hold, String(k), leg),
      debit,
      credit,
      amount,
      kind: "request",
      of: { hold, k, leg },
      memo: null,
      at: now,
    });
  }
  if (changes.captured !== 0n) {
    const row = tables.holds.get(hold)!;
    tables.putHold({ ...row, captured: row.captured + changes.captured });
  }
  for (const { id, posted, held, nonTransferable } of accountDeltas(book, changes))
    tables.post(id, posted, held, nonTransferable);
}
