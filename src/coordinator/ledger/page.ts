/** Takes the steps of a whole statement one after the other, and adds up what they change. Pure. */
import type { Micro } from "../../protocol/credits.ts";
import { requestName } from "../../protocol/ids.ts";
import { vestingOf } from "./account-names.ts";
import type { Book, Movement, RequestRow } from "./book.ts";
import type { Step } from "./settlement.ts";

/** What a statement changes, ready to be written in one transaction. */
export interface PageChanges {
  rows: RequestRow[];
  movements: Movement[];
  /** Newly captured from the hold. */
  captured: Micro;
  /** Starter credits spent, less those given back. */
  starterSpent: Micro;
}

/** One line's effect on the page as it is by then. */
export type PageEvent = (book: Book) => Step | undefined;

export interface Page {
  book: Book;
  steps: Step[];
  changes: PageChanges;
}

/** @param events in the order stated; each sees what the ones before it changed */
export function turnPage(opened: Book, events: readonly PageEvent[]): Page {
  let book = opened;
  const steps: Step[] = [];
  const rows = new Map<number, RequestRow>();
  for (const event of events) {
    const step = event(book);
    if (!step) continue;
    steps.push(step);
    if (!step.row) continue;
    rows.set(step.row.k, step.row);
    book = after(book, step, step.row);
  }
  const movements = steps.flatMap((step) => step.movements);
  return {
    book,
    steps,
    changes: {
      rows: [...rows.values()],
      movements,
      captured: book.captured - opened.captured,
      starterSpent: opened.starterLeft - book.starterLeft,
    },
  };
}

function after(book: Book, step: Step, row: RequestRow): Book {
  const taken = sumOf(step.movements, ({ debit }) => debit === book.account);
  const returned = sumOf(step.movements, ({ credit }) => credit === book.account);
  const starterTaken = taken > 0n ? row.starter : 0n;
  const starterReturned = returned > 0n ? row.starter : 0n;
  return {
    ...book,
    captured: book.captured + taken,
    // Under an open hold the taken amount was reserved already; later it comes out of what is available.
    available: book.available + returned - (book.state === "open" ? 0n : taken),
    starterLeft: book.starterLeft - starterTaken + starterReturned,
    recent: recentAfter(book, row),
    requests: new Map(book.requests).set(row.k, row),
  };
}

/** Whose receipt has just come, and what has just been given back, is the newest. */
function recentAfter({ hold, requests, recent }: Book, row: RequestRow): Book["recent"] {
  const known = requests.get(row.k);
  const paid = row.cost - row.shortfall;
  const isBack = row.state === "reversed";
  const isNew = row.receipt !== null && (!known?.receipt || (isBack && known.state !== "reversed"));
  if (!isNew || paid === 0n) return recent;
  const name = requestName(hold, row.k);
  return [{ name, paid, isBack }, ...recent.filter((other) => other.name !== name)];
}

const sumOf = (movements: readonly Movement[], counts: (movement: Movement) => boolean): Micro =>
  movements.filter(counts).reduce((sum, { amount }) => sum + amount, 0n);

/** What a page changes of one account's own columns. */
export interface AccountDelta {
  id: string;
  posted: Micro;
  held: Micro;
  nonTransferable: Micro;
}

/** For the accounts of a page that have columns of their own: the others are the sums of their transfers. */
export function accountDeltas(
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
      return {
        id,
        posted: posted.get(id)!,
        // What an open hold pays was reserved until now.
        held: isRequester && book.state === "open" ? -captured : 0n,
        nonTransferable: isRequester ? -starterSpent : 0n,
      };
    });
}
