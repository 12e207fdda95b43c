/**
 * The ledger's store in memory: the SQL store's twin, for tests and the simulation. Transactions run one after the
 * other, and each takes effect whole or not at all.
 */
import { faucet, issuance } from "../../../src/coordinator/ledger/account-names.ts";
import type { LedgerStore, LedgerTx } from "../../../src/coordinator/ledger/ledger-store.ts";
import { nameUuid } from "../../../src/protocol/ids.ts";
import { findGift, insertGift, readGiver } from "./memory-gifts.ts";
import { auditTables } from "./memory-audit.ts";
import { readHistory } from "./memory-history.ts";
import { openPage, writePage } from "./memory-page.ts";
import { createTables, type Change, type Tables } from "./tables.ts";

/** Lets a simulation step in between; it may throw, as a database does whose server died. */
export interface StoreEvents {
  /** Before each call, and before a transaction's commit. */
  reach(call: string): void;
  /** Rows that are durable from now on. */
  committed(changes: readonly Change[]): void;
}

export interface MemoryStore extends LedgerStore {
  readonly tables: Tables;
  /** Makes an empty account, and the one where its earnings vest. False where it is there. */
  addUser(id: string): Promise<boolean>;
}

const quiet: StoreEvents = { reach: () => {}, committed: () => {} };

export function createMemoryStore(events: StoreEvents = quiet): MemoryStore {
  const tables = createTables();
  let turn: Promise<unknown> = Promise.resolve();

  /** Nobody sees what another has not committed. */
  function alone<Result>(call: string, work: () => Result | Promise<Result>): Promise<Result> {
    const mine = turn.then(async () => {
      try {
        events.reach(call);
        const result = await work();
        events.reach("commit");
        events.committed(tables.commit());
        return result;
      } catch (error) {
        tables.rollBack();
        throw error;
      }
    });
    turn = mine.catch(() => undefined);
    return mine;
  }

  const tx = createTx(tables, events);
  return {
    tables,
    addUser: (id) => alone("addUser", () => tables.addUser(id)),
    transaction: (work) => alone("begin", () => work(tx)),
    insertHold: (hold) =>
      alone("insertHold", () => {
        const account = tables.accounts.get(hold.account);
        const isRich = account?.kind === "user" && account.posted - account.held >= hold.amount;
        if (!isRich || tables.holds.has(hold.id)) return "nothing";
        tables.post(hold.account, 0n, hold.amount);
        tables.putHold({ ...hold, captured: 0n, state: "open", closingNumbers: null });
        return "opened";
      }),
    readHold: (id) => alone("readHold", () => tables.holds.get(id)),
    findUnusedHolds: (endedBy, most) =>
      alone("findUnusedHolds", () =>
        [...tables.openHolds]
          .map((id) => tables.holds.get(id)!)
          .filter(({ id, ticketExpiresAt }) => ticketExpiresAt <= endedBy && isUnused(tables, id))
          .toSorted((left, right) => left.ticketExpiresAt - right.ticketExpiresAt)
          .slice(0, most)
          .map(({ id, node }) => ({ id, node })),
      ),
    findDueRequests: (now, most) =>
      alone("findDueRequests", () => {
        const due = [...tables.vesting.values()]
          .filter(({ vestsAt }) => vestsAt! <= now)
          .toSorted((left, right) => left.vestsAt! - right.vestsAt!)
          .slice(0, most);
        const byHold = Map.groupBy(due, ({ hold }) => hold);
        return new Map([...byHold].map(([hold, rows]) => [hold, rows.map(({ k }) => k)]));
      }),
    postponeVesting: (byMs) =>
      alone("postponeVesting", () => {
        for (const request of [...tables.vesting.values()])
          tables.putRequest({ ...request, vestsAt: request.vestsAt! + byMs });
      }),
    hasStarter: (account) => alone("hasStarter", () => hasStarter(tables, account)),
    findWaitingForStarter: (most) =>
      alone("findWaitingForStarter", () =>
        [...tables.accounts.values()]
          .filter(({ claimedAt, grantedAt }) => claimedAt !== null && grantedAt === null)
          .toSorted(
            (left, right) => left.claimedAt! - right.claimedAt! || (left.id < right.id ? -1 : 1),
          )
          .slice(0, most)
          .map(({ id }) => id),
      ),
    balance: (id) =>
      alone("balance", () => {
        const account = tables.accounts.get(id);
        if (account?.kind !== "user") return undefined;
        const { posted, held, nonTransferable } = account;
        return {
          posted,
          held,
          nonTransferable,
          vesting: tables.accounts.get(`vesting:${id}`)!.posted,
        };
      }),
    history: (account, before, most, kind) =>
      alone("history", () => readHistory(tables, account, before, most, kind)),
    audit: () => alone("audit", () => auditTables(tables)),
  };
}

const isUnused = (tables: Tables, hold: string): boolean => !tables.requests.has(hold);
const hasStarter = (tables: Tables, id: string): boolean =>
  (tables.accounts.get(id)?.grantedAt ?? null) !== null;

function createTx(tables: Tables, { reach }: StoreEvents): LedgerTx {
  /** Each call is a journey to the database, from which nobody may come back. */
  const call = async <Result>(name: string, work: () => Result): Promise<Result> => {
    reach(name);
    return work();
  };
  return {
    openPage: (hold, asksForRefund) =>
      call("openPage", () => openPage(tables, hold, asksForRefund)),
    writePage: (book, changes, statement, now) =>
      call("writePage", () => writePage(tables, book, changes, statement, now)),
    writeClosingNumbers: (id, numbers) =>
      call("writeClosingNumbers", () => {
        const hold = tables.holds.get(id);
        if (hold?.state !== "open" || hold.closingNumbers) return;
        tables.putHold({ ...hold, closingNumbers: [...numbers] });
      }),
    lockDueHolds: (now, most) =>
      call("lockDueHolds", () =>
        [...tables.openHolds]
          .filter((id) => tables.holds.get(id)!.expiresAt <= now)
          .toSorted()
          .slice(0, most),
      ),
    lockUnusedHolds: (holds) =>
      call("lockUnusedHolds", () =>
        holds.filter((id) => tables.openHolds.has(id) && isUnused(tables, id)).toSorted(),
      ),
    endHolds: (holds, state) =>
      call("endHolds", () => {
        for (const id of holds) {
          const hold = tables.holds.get(id);
          if (hold?.state !== "open") continue;
          tables.putHold({ ...hold, state });
          tables.post(hold.account, 0n, hold.captured - hold.amount);
        }
      }),
    hasStarter: (account) => call("hasStarter", () => hasStarter(tables, account)),
    claimStarter: (id, now) =>
      call("claimStarter", () => {
        const account = tables.accounts.get(id);
        if (account?.kind === "user" && account.claimedAt === null)
          tables.putAccount({ ...account, claimedAt: now });
      }),
    payStarter: (id, amount, now) =>
      call("payStarter", () => {
        const account = tables.accounts.get(id);
        if (!account || account.grantedAt !== null) return false;
        if (tables.accounts.get(faucet)!.posted < amount) return false;
        tables.putAccount({ ...account, claimedAt: account.claimedAt ?? now, grantedAt: now });
        if (amount === 0n) return true;
        const transfer = { id: nameUuid("grant", id), debit: faucet, credit: id, amount };
        tables.addTransfer({
          ...transfer,
          kind: "grant",
          of: null,
          memo: "starter credits",
          at: now,
        });
        tables.post(faucet, -amount);
        tables.post(id, amount, 0n, amount);
        return true;
      }),
    fillFaucet: (level, day, now) =>
      call("fillFaucet", () => {
        const id = nameUuid("faucet", String(day));
        const amount = level - tables.accounts.get(faucet)!.posted;
        if (amount <= 0n || tables.transfers.has(id)) return;
        const transfer = { id, debit: issuance, credit: faucet, amount };
        tables.addTransfer({ ...transfer, kind: "issue", of: null, memo: "daily refill", at: now });
        tables.post(faucet, amount);
      }),
    lockGift: (from, to) =>
      call(
        "lockGift",
        () => new Set([from, to].filter((id) => tables.accounts.get(id)?.kind === "user")),
      ),
    findGift: (id) => call("findGift", () => findGift(tables, id)),
    readGiver: (account, counted) => call("readGiver", () => readGiver(tables, account, counted)),
    insertGift: (id, from, gift) => call("insertGift", () => insertGift(tables, id, from, gift)),
  };
}
