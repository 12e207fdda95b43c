/**
 * Watches the books commit by commit: the invariants of `docs/ledger.md` over the rows that changed, and what may
 * never change at all. Its sums are its own, made of transfers and holds only.
 */
import { limits } from "../../../src/protocol/limits.ts";
import { costOf } from "../../../src/protocol/price.ts";
import { requestName } from "../../../src/protocol/ids.ts";
import type { Micro } from "../../../src/protocol/credits.ts";
import { auditRequest } from "../ledger/memory-audit.ts";
import type { Change, HoldRow, StoredRequest, Tables, TransferRow } from "../ledger/tables.ts";
import { createHoldsWatch } from "./holds-watch.ts";
import { refundOffence } from "./refunds.ts";
import { createStarterWatch } from "./starter-watch.ts";
import type { Truth } from "./truth.ts";

export interface BooksWatchParts {
  tables: Tables;
  truth: Truth;
  /** True time, ms. */
  now: () => number;
  /** When a coordinator last began on books that were there already, true time in ms. */
  resumedAt: () => number;
  starterCredits: Micro;
  violate: (what: string) => void;
}

type RequestChange = Extract<Change, { table: "requests" }>;

export function createBooksWatch(parts: BooksWatchParts) {
  const { tables, truth, now, starterCredits, violate } = parts;
  const holdsWatch = createHoldsWatch(parts);
  const starterWatch = createStarterWatch(starterCredits, violate);
  const net = new Map<string, Micro>();
  const reserved = new Map<string, Micro>();
  const paidOf = new Map<string, Micro>();
  const transfersOf = new Map<string, TransferRow[]>();
  const acceptedAt = new Map<string, number>();
  const add = (sums: Map<string, Micro>, key: string, amount: Micro) =>
    sums.set(key, (sums.get(key) ?? 0n) + amount);
  const restOf = (hold: HoldRow | undefined): Micro =>
    hold?.state === "open" ? hold.amount - hold.captured : 0n;
  const capturedOf = (row: StoredRequest | undefined): Micro =>
    row ? row.cost - row.shortfall : 0n;

  function addTransfer(transfer: TransferRow): void {
    add(net, transfer.debit, -transfer.amount);
    add(net, transfer.credit, transfer.amount);
    if (transfer.of) {
      const name = requestName(transfer.of.hold, transfer.of.k);
      transfersOf.set(name, [...(transfersOf.get(name) ?? []), transfer]);
    }
    if (transfer.kind === "grant") starterWatch.granted(transfer);
  }

  /** What a request's change may be, whoever lies. */
  function checkChange({ before, after }: RequestChange): void {
    const name = requestName(after.hold, after.k);
    const hold = tables.holds.get(after.hold)!;
    if (after.receipt && !before?.receipt) acceptedAt.set(name, now());
    if (after.receipt && !truth.isRevealed(name))
      violate(`${name} has a receipt, and was never asked`);
    if (before?.receipt) {
      if (after.receipt?.lineHash !== before.receipt.lineHash) violate(`${name} got another line`);
      if (after.cost !== before.cost || after.shortfall !== before.shortfall)
        violate(`${name} was charged anew`);
    }
    if (
      before?.acknowledgement &&
      after.acknowledgement?.verdict !== before.acknowledgement.verdict
    )
      violate(`the first word on ${name} does not stand`);
    if (before && isEnd(before.state) && after.state !== before.state)
      violate(`${name} was ${before.state} and is ${after.state}`);
    if (after.receipt && after.cost > costOf(after.receipt, hold.rate))
      violate(`${name} costs more than its figures`);
    if (after.receipt?.finish === "worker_error" && after.cost > 0n)
      violate(`${name} costs something though its worker failed`);
    checkEnd(name, before, after, hold);
  }

  function checkEnd(
    name: string,
    before: StoredRequest | undefined,
    after: StoredRequest,
    hold: HoldRow,
  ): void {
    const { acknowledgement: word, receipt, state } = after;
    if (before?.state === state || !isEnd(state) || !receipt) return;
    const earned = state === "settled" ? capturedOf(after) - after.commons : 0n;
    if (!word) {
      const age = now() - acceptedAt.get(name)!;
      if (capturedOf(after) > 0n && age < limits.vestingMs)
        violate(`${name} was settled after ${age} ms without a word of its requester`);
    } else if (!word.seen) {
      if (earned > 0n) violate(`${name} was paid though its requester has not received it`);
      if (state === "reversed") {
        const offence = refundOffence(tables, after, !before?.receipt);
        if (offence) violate(`${name} was given back: ${offence}`);
      }
    } else {
      if (state === "reversed") violate(`${name} was given back though its requester has it`);
      const lower = costOf(lowest(receipt, word.seen), hold.rate);
      const isClose = (after.cost - lower) * 100n <= after.cost * 5n;
      if (!isClose && earned > lower) violate(`${name} was paid ${earned}, both agree on ${lower}`);
    }
  }

  function checkAccount(id: string): void {
    const account = tables.accounts.get(id);
    if (!account?.materialised) return;
    const sum = net.get(id) ?? 0n;
    const kept = reserved.get(id) ?? 0n;
    if (account.posted !== sum) violate(`${id} has ${account.posted}, its transfers say ${sum}`);
    if (account.held !== kept) violate(`${id} holds ${account.held}, its holds say ${kept}`);
    if (account.bounded && sum - kept < 0n) violate(`${id} is overdrawn`);
    starterWatch.check(account);
  }

  return {
    committed(changes: readonly Change[]): void {
      const touched = new Set<string>();
      const requests = new Map<string, RequestChange>();
      for (const change of changes) {
        if (change.table === "transfers") {
          addTransfer(change.after);
          touched.add(change.after.debit).add(change.after.credit);
        } else if (change.table === "holds") {
          const { before, after } = change;
          add(reserved, after.account, restOf(after) - restOf(before));
          touched.add(after.account);
          holdsWatch.changed(before, after);
        } else if (change.table === "requests") {
          starterWatch.changed(change.before, change.after);
          add(paidOf, change.after.hold, capturedOf(change.after) - capturedOf(change.before));
          requests.set(requestName(change.after.hold, change.after.k), change);
        } else if (change.table === "accounts") touched.add(change.after.id);
      }
      for (const [name, change] of requests) {
        checkChange(change);
        const hold = tables.holds.get(change.after.hold)!;
        const { found, expected } =
          auditRequest(name, change.after, hold, transfersOf.get(name) ?? [])[0] ?? {};
        if (found !== undefined) violate(`${name}: ${found} and not ${expected}`);
        const paid = paidOf.get(hold.id) ?? 0n;
        if (hold.captured !== paid)
          violate(`hold ${hold.id} captured ${hold.captured}, paid ${paid}`);
        if (paid > hold.amount) violate(`hold ${hold.id} paid beyond its amount`);
      }
      for (const id of touched) checkAccount(id);
    },
  };
}

const isEnd = (state: StoredRequest["state"]): boolean =>
  state === "settled" || state === "reversed";

interface Figures {
  billedMs: number;
  promptTokens: number;
  completionTokens: number;
}

const lowest = (left: Figures, right: Figures): Figures => ({
  billedMs: Math.min(left.billedMs, right.billedMs),
  promptTokens: Math.min(left.promptTokens, right.promptTokens),
  completionTokens: Math.min(left.completionTokens, right.completionTokens),
});
