/**
 * The ledger's store in memory: the SQL store's twin, for tests and the simulation. Transactions run one after the
 * other, and each takes effect whole or not at all.
 */
import { faucet, vestingOf } from "../../../src/coordinator/ledger/account-names.ts";
import type { StarterPayment } from "../../../src/coordinator/ledger/grant-store.ts";
import type { UnusedHold } from "../../../src/coordinator/ledger/hold-end-store.ts";
import type { LedgerStore } from "../../../src/coordinator/ledger/ledger-store.ts";
import type { DueRequest } from "../../../src/coordinator/ledger/vesting-store.ts";
import { auditTables } from "./memory-audit.ts";
import { readHistory } from "./memory-history.ts";
import { latestRequests } from "./memory-marks.ts";
import { createTx, hasStarter, isUnused, mayDraw } from "./memory-tx.ts";
import { createTables, type AccountRow, type Change, type Tables } from "./tables.ts";

/** Lets a simulation step in between. */
export interface StoreEvents {
  /** Before each call, before a commit and after it. What it throws, the caller gets; only before it takes the work back. */
  reach(call: string): void;
  /** Whether a transaction is to be taken back and run again, as a database does with one that got in another's way. */
  repeats(): boolean;
}

export interface MemoryStore extends LedgerStore {
  readonly tables: Tables;
  /** Makes an empty account, and the one where its earnings vest. False where it is there. */
  addUser(id: string): Promise<boolean>;
  /** The same books for somebody else, who meets other events. */
  connect(events: StoreEvents): MemoryStore;
}

const uneventful: StoreEvents = { reach: () => {}, repeats: () => false };

/** @param committed hears of rows that are durable from now on */
export function createMemoryStore(
  committed: (changes: readonly Change[]) => void = () => {},
): MemoryStore {
  const tables = createTables();
  let turn: Promise<unknown> = Promise.resolve();

  function connect(events: StoreEvents): MemoryStore {
    /** Nobody sees what another has not committed. */
    function alone<Result>(call: string, work: () => Result | Promise<Result>): Promise<Result> {
      const mine = turn.then(async () => {
        try {
          events.reach(call);
          let result = await work();
          while (events.repeats()) {
            tables.rollBack();
            result = await work();
          }
          events.reach("commit");
          committed(tables.commit());
          events.reach("committed");
          return result;
        } catch (error) {
          tables.rollBack();
          throw error;
        }
      });
      turn = mine.catch(() => undefined);
      return mine;
    }
    const tx = createTx(tables, events.reach);
    return {
      tables,
      connect,
      addUser: (id) => alone("addUser", () => tables.addUser(id)),
      transaction: (work) => alone("begin", () => work(tx)),
      insertHold: (hold) =>
        alone("insertHold", () => {
          const account = tables.accounts.get(hold.account);
          const isRich = account?.kind === "user" && account.posted - account.held >= hold.amount;
          if (!isRich || tables.holds.has(hold.id)) return "nothing";
          tables.post(hold.account, 0n, hold.amount);
          tables.putHold({
            ...hold,
            captured: 0n,
            state: "open",
            closingNumbers: null,
            endedAt: null,
          });
          return "opened";
        }),
      readHold: (id) => alone("readHold", () => tables.holds.get(id)),
      closeComplete: (id, node, numbers, now) =>
        alone("closeComplete", () => {
          const hold = tables.holds.get(id);
          if (hold?.node !== node || hold.state !== "open" || hold.closingNumbers) return false;
          const requests = tables.requests.get(id);
          if (!numbers.every((k) => requests?.get(k)?.receipt)) return false;
          tables.putHold({ ...hold, state: "closed", endedAt: now });
          tables.post(hold.account, 0n, hold.captured - hold.amount);
          return true;
        }),
      findUnusedHolds: (endedBy, most, after) =>
        alone("findUnusedHolds", () => findUnusedHolds(tables, endedBy, most, after)),
      findDueRequests: (now, most, after) =>
        alone("findDueRequests", () => findDueRequests(tables, now, most, after)),
      postponeVesting: (since, until) =>
        alone("postponeVesting", () => {
          for (const request of [...tables.vesting.values()]) {
            const byMs = Math.max(0, until - Math.max(request.receivedAt, since));
            tables.putRequest({ ...request, vestsAt: request.vestsAt! + byMs });
          }
        }),
      hasStarter: (account) => alone("hasStarter", () => hasStarter(tables, account)),
      findWaitingForStarter: (most, payment) =>
        alone("findWaitingForStarter", () => findWaitingForStarter(tables, most, payment)),
      countAheadOfStarter: (account) =>
        alone("countAheadOfStarter", () =>
          Math.max(
            0,
            waitingForStarter(tables).findIndex(({ id }) => id === account),
          ),
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
            vesting: tables.accounts.get(vestingOf(id))!.posted,
          };
        }),
      history: (account, before, most, kind) =>
        alone("history", () => readHistory(tables, account, before, most, kind)),
      latestRequests: (account, side, most) =>
        alone("latestRequests", () => latestRequests(tables, account, side, most)),
      audit: () => alone("audit", () => auditTables(tables)),
    };
  }
  return connect(uneventful);
}

const byEnd = (left: Omit<UnusedHold, "node">, right: Omit<UnusedHold, "node">): number =>
  left.ticketExpiresAt - right.ticketExpiresAt || (left.id < right.id ? -1 : 1);

const findUnusedHolds = (
  tables: Tables,
  endedBy: number,
  most: number,
  after: UnusedHold | undefined,
) =>
  [...tables.openHolds]
    .map((id) => tables.holds.get(id)!)
    .filter(({ id, ticketExpiresAt }) => ticketExpiresAt <= endedBy && isUnused(tables, id))
    .filter((hold) => !after || (hold.id !== after.id && byEnd(hold, after) > 0))
    .toSorted(byEnd)
    .slice(0, most)
    .map(({ id, node, ticketExpiresAt }) => ({ id, node, ticketExpiresAt }));

const byDay = (left: DueRequest, right: DueRequest): number =>
  left.vestsAt - right.vestsAt ||
  (left.hold === right.hold ? left.k - right.k : left.hold < right.hold ? -1 : 1);

const findDueRequests = (
  tables: Tables,
  now: number,
  most: number,
  after: DueRequest | undefined,
): DueRequest[] =>
  [...tables.vesting.values()]
    .map(({ hold, k, vestsAt }) => ({ hold, k, vestsAt: vestsAt! }))
    .filter((request) => request.vestsAt <= now && (!after || byDay(request, after) > 0))
    .toSorted(byDay)
    .slice(0, most);

const waitingForStarter = (tables: Tables): AccountRow[] =>
  [...tables.accounts.values()]
    .filter(({ claimedAt, grantedAt }) => claimedAt !== null && grantedAt === null)
    .toSorted((left, right) => left.claimedAt! - right.claimedAt! || (left.id < right.id ? -1 : 1));

function findWaitingForStarter(tables: Tables, most: number, payment: StarterPayment): string[] {
  if (tables.accounts.get(faucet)!.posted < payment.amount) return [];
  return waitingForStarter(tables)
    .filter((account) => mayDraw(tables, account, payment))
    .slice(0, most)
    .map(({ id }) => id);
}
