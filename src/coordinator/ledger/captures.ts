/** Verbs of settlement: both sides' lines, the worker's close, and vesting. One transaction per statement and hold. */
import { formatCredits } from "../../protocol/credits.ts";
import type {
  AcknowledgementBody,
  CloseBody,
  ReceiptBody,
  StatementOutcome,
} from "../../protocol/receipt.ts";
import { isGone } from "../out-of-reach.ts";
import type { Book } from "./book.ts";
import type { PassOver } from "./holds.ts";
import type { LedgerStore, LedgerTx } from "./ledger-store.ts";
import { turnPage, type Page, type PageEvent } from "./page.ts";
import type { KeptStatement, OpenedPage } from "./page-store.ts";
import { acknowledgeLine, receiveLine, vestRequest } from "./settlement.ts";
import type { DueRequest } from "./vesting-store.ts";

/** How many requests one page of vesting has. */
const batch = 500;

interface Turn {
  hold: string;
  statement: KeptStatement | undefined;
  /** Whether a line says that its answer never came. */
  asksForRefund: boolean;
  now: number;
  /** What is to happen on the page; undefined where this signer has no say in it. */
  eventsOf: (opened: OpenedPage) => PageEvent[] | undefined;
}

export interface VestOptions {
  /** The last of the page before. */
  after?: DueRequest | undefined;
  /** Hears of a hold that fails, and the others go on; without it the failure is thrown. */
  passOver?: PassOver;
}

export interface VestedPage {
  /** How many requests. */
  vested: number;
  /** Undefined where nothing is left to look at. */
  last: DueRequest | undefined;
}

/** Hears of requests that nobody acknowledged within their day, and of the holds that they were asked under. */
export type OnVested = (holds: readonly string[], requests: number) => void;

export function createCaptures(store: LedgerStore, onVested?: OnVested) {
  const turn = ({ hold, statement, asksForRefund, now, eventsOf }: Turn) =>
    store.transaction(async (tx): Promise<Page | undefined> => {
      const opened = await tx.openPage(hold, asksForRefund);
      const events = opened && eventsOf(opened);
      if (!opened || !events) return undefined;
      const page = turnPage(opened.book, events);
      await tx.writePage(opened.book, page.changes, statement, now);
      await closeWhenComplete(tx, opened.closingNumbers, page.book, now);
      return page;
    });

  return {
    /** Settles a node's lines, one outcome per line. @param now coordinator time, ms */
    async receive(
      { hold, lines }: ReceiptBody,
      statement: KeptStatement,
      now: number,
    ): Promise<StatementOutcome> {
      const eventsOf = ({ node }: OpenedPage) =>
        node === statement.signer
          ? lines.map(
              (line): PageEvent =>
                (book) =>
                  receiveLine(book, line, statement.id, now),
            )
          : undefined;
      const page = await turn({ hold, statement, asksForRefund: false, now, eventsOf });
      return outcomeOf(hold, lines, page);
    },

    /** Settles the requester's lines, one outcome per line. @param account whose key signed them */
    async acknowledge(
      { hold, lines }: AcknowledgementBody,
      statement: KeptStatement,
      account: string,
      now: number,
    ): Promise<StatementOutcome> {
      const asksForRefund = lines.some(
        ({ verdict }) => verdict === "not_received" || verdict === "refused",
      );
      const eventsOf = ({ book }: OpenedPage) =>
        book.account === account
          ? lines.map(
              (line): PageEvent =>
                (page) =>
                  acknowledgeLine(page, line, statement.id, now),
            )
          : undefined;
      const page = await turn({ hold, statement, asksForRefund, now, eventsOf });
      return outcomeOf(hold, lines, page);
    },

    /** The worker is done with a ticket: the rest is given back as soon as each number it states has its line. */
    async closeHold(
      { hold, numbers }: CloseBody,
      node: string,
      now: number,
    ): Promise<StatementOutcome> {
      // The usual case: the lines have come, and nothing is left to think about.
      if (await store.closeComplete(hold, node, numbers, now))
        return { status: "accepted", hold, lines: [] };
      const isKnown = await store.transaction(async (tx) => {
        const opened = await tx.openPage(hold, false);
        if (opened?.node !== node) return false;
        if (isComplete(opened.book, opened.closingNumbers ?? numbers))
          await tx.endHolds([hold], "closed", now);
        else await tx.writeClosingNumbers(hold, numbers);
        return true;
      });
      return isKnown
        ? { status: "accepted", hold, lines: [] }
        : { status: "refused", code: "hold_not_found" };
    },

    /** Hands providers what nobody has acknowledged within a day, one page of it. */
    async vest(now: number, { after, passOver }: VestOptions = {}): Promise<VestedPage> {
      let vested = 0;
      const holds: string[] = [];
      const due = await store.findDueRequests(now, batch, after);
      for (const [hold, requests] of Map.groupBy(due, (request) => request.hold)) {
        const events = requests.map(
          ({ k }): PageEvent =>
            (book) =>
              vestRequest(book, k, now),
        );
        const eventsOf = () => events;
        try {
          const page = await turn({
            hold,
            statement: undefined,
            // Only what is known to ask for one does; the page finds it.
            asksForRefund: false,
            now,
            eventsOf,
          });
          vested += page?.steps.length ?? 0;
          holds.push(hold);
        } catch (error) {
          if (!passOver || isGone(error)) throw error;
          passOver(hold, error);
        }
      }
      if (holds.length > 0) onVested?.(holds, vested);
      return { vested, last: due.at(-1) };
    },

    /** After a time in which nobody could acknowledge, ms. A coordinator that starts does it itself, once of all. */
    postponeVesting: (since: number, until: number) => store.postponeVesting(since, until),
  };
}

async function closeWhenComplete(
  tx: LedgerTx,
  numbers: readonly number[] | null,
  book: Book,
  now: number,
): Promise<void> {
  if (numbers && isComplete(book, numbers)) await tx.endHolds([book.hold], "closed", now);
}

/** Whether an open hold has the worker's line for each of the numbers that the worker stated. */
const isComplete = ({ state, requests }: Book, numbers: readonly number[]): boolean =>
  state === "open" && numbers.every((k) => requests.get(k)?.receipt);

function outcomeOf(
  hold: string,
  lines: readonly { k: number }[],
  page: Page | undefined,
): StatementOutcome {
  if (!page) return { status: "refused", code: "hold_not_found" };
  return {
    status: "accepted",
    hold,
    lines: page.steps.map(({ outcome, paid }, index) => ({
      k: lines[index]!.k,
      outcome,
      paid: formatCredits(paid),
    })),
  };
}
