/** The tables of the books in memory, with the schema's constraints and an undo log: what a transaction needs to be one. */
import { vestingOf } from "../../../src/coordinator/ledger/account-names.ts";
import type { Leg, RequestRow } from "../../../src/coordinator/ledger/book.ts";
import type { Hold } from "../../../src/coordinator/ledger/hold-store.ts";
import type { Micro } from "../../../src/protocol/credits.ts";

export interface AccountRow {
  id: string;
  kind: "user" | "vesting" | "faucet" | "issuance" | "commons";
  bounded: boolean;
  materialised: boolean;
  posted: Micro;
  held: Micro;
  nonTransferable: Micro;
  claimedAt: number | null;
  grantedAt: number | null;
  /** Where its claim to starter credits came from, until it is paid. */
  starterPrefix: string | null;
}

export interface HoldRow extends Hold {
  closingNumbers: number[] | null;
  /** When it was closed or expired; null while it is open. */
  endedAt: number | null;
}

export interface StoredRequest extends RequestRow {
  hold: string;
  account: string;
  payee: string;
}

export interface TransferRow {
  id: string;
  debit: string;
  credit: string;
  amount: Micro;
  kind: "issue" | "grant" | "gift" | "request";
  /** Which request's, and which of its movements. */
  of: { hold: string; k: number; leg: Leg } | null;
  memo: string | null;
  at: number;
}

export interface StatementRow {
  id: string;
  signer: string;
  jws: string;
}

/** A row before and after; undefined where it was not there. */
export type Change =
  | { table: "accounts"; before: AccountRow | undefined; after: AccountRow }
  | { table: "holds"; before: HoldRow | undefined; after: HoldRow }
  | { table: "requests"; before: StoredRequest | undefined; after: StoredRequest }
  | { table: "transfers"; before: undefined; after: TransferRow }
  | { table: "statements"; before: undefined; after: StatementRow };

export type Tables = ReturnType<typeof createTables>;

const emptyAccount = {
  posted: 0n,
  held: 0n,
  nonTransferable: 0n,
  claimedAt: null,
  grantedAt: null,
  starterPrefix: null,
};
const systemAccounts: AccountRow[] = [
  { ...emptyAccount, id: "issuance", kind: "issuance", bounded: false, materialised: false },
  { ...emptyAccount, id: "commons", kind: "commons", bounded: false, materialised: false },
  { ...emptyAccount, id: "faucet", kind: "faucet", bounded: true, materialised: true },
];

/** What PostgreSQL says of a row that its constraints refuse. */
export class ConstraintViolation extends Error {}

function check(isSound: boolean, what: string): void {
  if (!isSound) throw new ConstraintViolation(`violates check constraint: ${what}`);
}

export function createTables() {
  const accounts = new Map(systemAccounts.map((account) => [account.id, account]));
  const holds = new Map<string, HoldRow>();
  const requests = new Map<string, ReadonlyMap<number, StoredRequest>>();
  const transfers = new Map<string, TransferRow>();
  const legs = new Set<string>();
  const statements = new Map<string, StatementRow>();
  /** What source prefixes drew of starter credits, by day and prefix. */
  const draws = new Map<string, Micro>();
  /** The last day for which the faucet was filled, even with nothing. */
  const filledDays = new Map<string, number>();
  /** What is open and what vests, so that looking for them need not read everything. */
  const openHolds = new Set<string>();
  const vesting = new Map<string, StoredRequest>();
  let changes: Change[] = [];
  let undo: (() => void)[] = [];

  /** Writes one entry and remembers how it was. */
  function put<Key, Value>(map: Map<Key, Value>, key: Key, value: Value | undefined): void {
    const before = map.get(key);
    undo.push(() => (before === undefined ? map.delete(key) : map.set(key, before)));
    if (value === undefined) map.delete(key);
    else map.set(key, value);
  }

  function putMember(set: Set<string>, member: string, isIn: boolean): void {
    if (set.has(member) === isIn) return;
    undo.push(() => (isIn ? set.delete(member) : set.add(member)));
    if (isIn) set.add(member);
    else set.delete(member);
  }

  function putAccount(after: AccountRow): void {
    const { bounded, posted, held, nonTransferable } = after;
    check(held >= 0n && nonTransferable >= 0n, `account ${after.id} is not negative`);
    check(!bounded || posted - held >= 0n, `account ${after.id} is not overdrawn`);
    changes.push({ table: "accounts", before: accounts.get(after.id), after });
    put(accounts, after.id, after);
  }

  return {
    accounts,
    holds,
    requests,
    transfers,
    statements,
    draws,
    filledDays,
    openHolds,
    vesting,
    putAccount,

    addUser(id: string): boolean {
      if (accounts.has(id)) return false;
      const row = { ...emptyAccount, bounded: true, materialised: true };
      putAccount({ ...row, id, kind: "user" });
      putAccount({ ...row, id: vestingOf(id), kind: "vesting" });
      return true;
    },

    putHold(after: HoldRow): void {
      check(after.captured >= 0n && after.captured <= after.amount, `hold ${after.id} captured`);
      check(after.account !== after.payee || after.amount === 0n, `hold ${after.id} of one's own`);
      changes.push({ table: "holds", before: holds.get(after.id), after });
      put(holds, after.id, after);
      putMember(openHolds, after.id, after.state === "open");
    },

    putRequest(after: StoredRequest): void {
      const { hold, k, state, cost, shortfall, commons, starter, receipt } = after;
      const name = `${hold}.${k}`;
      check(shortfall >= 0n && shortfall <= cost, `request ${name} shortfall`);
      check(commons >= 0n && commons <= cost - shortfall, `request ${name} commons`);
      check(starter >= 0n && starter <= cost - shortfall, `request ${name} starter`);
      check((state === "waiting") === (receipt === null), `request ${name} waiting`);
      check((state === "vesting") === (after.vestsAt !== null), `request ${name} vests`);
      check(state !== "vesting" || cost > shortfall, `request ${name} vests nothing`);
      const ofHold = requests.get(hold);
      changes.push({ table: "requests", before: ofHold?.get(k), after });
      put(requests, hold, new Map(ofHold).set(k, after));
      if (state === "vesting" || vesting.has(name))
        put(vesting, name, state === "vesting" ? after : undefined);
    },

    /** @throws ConstraintViolation where its id or its leg is there already */
    addTransfer(after: TransferRow): void {
      check(after.amount > 0n && after.debit !== after.credit, `transfer ${after.id}`);
      check(!transfers.has(after.id), `transfer ${after.id} is unique`);
      if (after.of) {
        const leg = `${after.of.hold}.${after.of.k}.${after.of.leg}`;
        check(!legs.has(leg), `leg ${leg} is unique`);
        putMember(legs, leg, true);
      }
      changes.push({ table: "transfers", before: undefined, after });
      put(transfers, after.id, after);
    },

    putDraw: (name: string, drawn: Micro): void => put(draws, name, drawn),
    putFilledDay: (account: string, day: number): void => put(filledDays, account, day),

    keepStatement(after: StatementRow): void {
      if (statements.has(after.id)) return;
      changes.push({ table: "statements", before: undefined, after });
      put(statements, after.id, after);
    },

    /** Moves money between columns; accounts that are not materialised are sums of their transfers. */
    post(id: string, posted: Micro, held = 0n, nonTransferable = 0n): void {
      const account = accounts.get(id);
      if (!account) throw new ConstraintViolation(`account ${id} does not exist`);
      if (!account.materialised) return;
      putAccount({
        ...account,
        posted: account.posted + posted,
        held: account.held + held,
        nonTransferable: account.nonTransferable + nonTransferable,
      });
    },

    commit(): readonly Change[] {
      const committed = changes;
      changes = [];
      undo = [];
      return committed;
    },
    rollBack(): void {
      for (const step of undo.toReversed()) step();
      changes = [];
      undo = [];
    },
  };
}
