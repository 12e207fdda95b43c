/** The books in a database: each of the store's functions bound to it, or to its transaction. */
import { isUniqueViolation, reaching, transact, type Database, type Tx } from "../database.ts";
import { auditBooks } from "./audit-store.ts";
import { readBalance } from "./balance-store.ts";
import { findGift, insertGift, lockGift, readGiver } from "./gift-store.ts";
import {
  claimStarter,
  countAheadOfStarter,
  fillFaucet,
  findWaitingForStarter,
  hasStarter,
  payStarter,
} from "./grant-store.ts";
import { readHistory } from "./history-store.ts";
import {
  closeComplete,
  endHolds,
  findUnusedHolds,
  lockDueHolds,
  lockUnusedHolds,
  writeClosingNumbers,
} from "./hold-end-store.ts";
import { insertHold, readHold } from "./hold-store.ts";
import type { LedgerStore, LedgerTx } from "./ledger-store.ts";
import { findLatestRequests } from "./marks-store.ts";
import { openPage, writePage } from "./page-store.ts";
import { findDueRequests, postponeVesting } from "./vesting-store.ts";

export const createSqlStore = (database: Database): LedgerStore => ({
  // Two equal legs at once: the loser's key is taken; it looks again and finds the winner's.
  transaction: (work) => transact(database, (tx) => work(boundTo(tx)), isUniqueViolation),
  insertHold: (hold) => insertHold(database, hold),
  readHold: (id) => readHold(database, id),
  closeComplete: (hold, node, numbers, now) => closeComplete(database, hold, node, numbers, now),
  findUnusedHolds: (endedBy, most, after) => findUnusedHolds(database, endedBy, most, after),
  findDueRequests: (now, most, after) =>
    reaching(() => findDueRequests(database, now, most, after)),
  postponeVesting: (since, until) => transact(database, (tx) => postponeVesting(tx, since, until)),
  hasStarter: (account) => reaching(() => hasStarter(database, account)),
  findWaitingForStarter: (most, payment) =>
    reaching(() => findWaitingForStarter(database, most, payment)),
  countAheadOfStarter: (account) => reaching(() => countAheadOfStarter(database, account)),
  balance: (account) => readBalance(database, account),
  history: (account, before, most, kind) => readHistory(database, account, before, most, kind),
  latestRequests: (account, side, most) => findLatestRequests(database, account, side, most),
  audit: () => auditBooks(database),
});

const boundTo = (tx: Tx): LedgerTx => ({
  openPage: (hold, asksForRefund) => openPage(tx, hold, asksForRefund),
  writePage: (book, changes, statement, now) => writePage(tx, book, changes, statement, now),
  writeClosingNumbers: (hold, numbers) => writeClosingNumbers(tx, hold, numbers),
  lockDueHolds: (now, most, after) => lockDueHolds(tx, now, most, after),
  lockUnusedHolds: (holds) => lockUnusedHolds(tx, holds),
  endHolds: (holds, state, now) => endHolds(tx, holds, state, now),
  hasStarter: (account) => hasStarter(tx, account),
  claimStarter: (account, now, prefix) => claimStarter(tx, account, now, prefix),
  payStarter: (account, payment) => payStarter(tx, account, payment),
  fillFaucet: (level, day, now) => fillFaucet(tx, level, day, now),
  lockGift: (from, to) => lockGift(tx, from, to),
  findGift: (id) => findGift(tx, id),
  readGiver: (account, counted) => readGiver(tx, account, counted),
  insertGift: (id, from, gift) => insertGift(tx, id, from, gift),
});
