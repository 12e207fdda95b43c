/**
 * Where the books live: what the SQL store does, and its twin in memory that tests and the simulation run the
 * verbs over. Both are held to one suite of tests.
 */
import type { Micro } from "../../protocol/credits.ts";
import type { HistoryKind } from "../../protocol/endpoints.ts";
import type { Offence } from "./audit-store.ts";
import type { Balance } from "./balance-store.ts";
import type { Book, HoldState } from "./book.ts";
import type { Giver, StoredGift } from "./gift-rules.ts";
import type { StarterPayment } from "./grant-store.ts";
import type { HistoryCursor, StoredEntry } from "./history-store.ts";
import type { UnusedHold } from "./hold-end-store.ts";
import type { Hold, NewHold } from "./hold-store.ts";
import type { MarkedRequest } from "./marks.ts";
import type { PageChanges } from "./page.ts";
import type { KeptStatement, OpenedPage } from "./page-store.ts";
import type { DueRequest } from "./vesting-store.ts";

/** What a verb may do within its transaction. What these lock stays locked until its end. */
export interface LedgerTx {
  /**
   * A hold's page, locked with its accounts; undefined where there is no such hold.
   * @param asksForRefund whether the lines at hand say that an answer never came
   */
  openPage(hold: string, asksForRefund: boolean): Promise<OpenedPage | undefined>;
  writePage(
    book: Book,
    changes: PageChanges,
    statement: KeptStatement | undefined,
    now: number,
  ): Promise<void>;
  /** Remembers which numbers the worker says were used, until each of them has its line. */
  writeClosingNumbers(hold: string, numbers: readonly number[]): Promise<void>;
  /** Open holds whose time is over, in id order; those that somebody else works on are left to them. */
  lockDueHolds(now: number, most: number, after: string): Promise<string[]>;
  /** Of `holds`, those still open and without a line, in id order. */
  lockUnusedHolds(holds: readonly string[]): Promise<string[]>;
  /** Ends open holds that the caller has locked, and gives back what they still reserve. */
  endHolds(holds: readonly string[], state: Exclude<HoldState, "open">, now: number): Promise<void>;
  hasStarter(account: string): Promise<boolean>;
  /**
   * Notes that the account wants its starter credits; the first claim keeps its place in the queue.
   * @param prefix where it came from; null where nobody counts
   */
  claimStarter(account: string, now: number, prefix: string | null): Promise<void>;
  /**
   * Moves starter credits from the faucet, once. False where the faucet has too few, where the account's prefix has
   * drawn its share of the day, or where it was done.
   */
  payStarter(account: string, payment: StarterPayment): Promise<boolean>;
  /** Fills the faucet up to `level`, once per `day` (days since 1970, UTC). */
  fillFaucet(level: Micro, day: number, now: number): Promise<void>;
  /** Locks both accounts of a gift. @returns those there are */
  lockGift(from: string, to: string): Promise<ReadonlySet<string>>;
  findGift(id: string): Promise<StoredGift | undefined>;
  /** @param counted the day's beginning (ms), and how many counterparties are enough to stop counting at */
  readGiver(account: string, counted: { since: number; counterparties: number }): Promise<Giver>;
  /** Moves the credits between accounts that are locked. */
  insertGift(id: string, from: string, gift: StoredGift): Promise<void>;
}

/** Everything rejects with `ledger_unavailable` where the books cannot be reached. */
export interface LedgerStore {
  /** Runs `work` as one transaction. It may run several times: nothing in it may leave the books. */
  transaction<Result>(work: (tx: LedgerTx) => Promise<Result>): Promise<Result>;
  /** Reserves the amount and opens the hold, both or neither; `nothing` where the id is taken or the balance too low. */
  insertHold(hold: NewHold): Promise<"opened" | "nothing">;
  readHold(id: string): Promise<Hold | undefined>;
  /** Closes a hold whose stated numbers all have their line; false, and nothing done, where there is more to it. */
  closeComplete(
    hold: string,
    node: string,
    numbers: readonly number[],
    now: number,
  ): Promise<boolean>;
  /**
   * Open holds whose ticket ended at `endedBy` or before and for which nobody has sent a line, in the order of their
   * ends; from behind `after` on, where it is given.
   */
  findUnusedHolds(endedBy: number, most: number, after?: UnusedHold): Promise<UnusedHold[]>;
  /** Requests whose day has passed, those that have waited longest first; from behind `after` on, where it is given. */
  findDueRequests(now: number, most: number, after?: DueRequest): Promise<DueRequest[]>;
  /** The clock of vesting stands still from `since` to `until`; each request's day grows by what it saw of it. */
  postponeVesting(since: number, until: number): Promise<void>;
  hasStarter(account: string): Promise<boolean>;
  /** Accounts that wait and can be paid now, those that have waited longest first. */
  findWaitingForStarter(most: number, payment: StarterPayment): Promise<string[]>;
  /** How many have waited longer than this account for their starter credits. */
  countAheadOfStarter(account: string): Promise<number>;
  /** Undefined where there is no such account. */
  balance(account: string): Promise<Balance | undefined>;
  /** Newest first, at most `most` entries older than `before`, of one kind only where one is named. */
  history(
    account: string,
    before: HistoryCursor | undefined,
    most: number,
    kind?: HistoryKind,
  ): Promise<StoredEntry[]>;
  /** An account's latest requests that have their receipt, newest first; those at its own node say nothing. */
  latestRequests(
    account: string,
    side: "account" | "payee",
    most: number,
  ): Promise<MarkedRequest[]>;
  /** What breaks the invariants, from one snapshot. */
  audit(): Promise<Offence[]>;
}
