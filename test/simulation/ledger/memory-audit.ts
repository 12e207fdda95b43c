/** The invariants of `docs/ledger.md`, recomputed from transfers, holds and requests alone. */
import type { Offence } from "../../../src/coordinator/ledger/audit-store.ts";
import { vestingOf } from "../../../src/coordinator/ledger/account-names.ts";
import type { HoldRow, StoredRequest, Tables, TransferRow } from "./tables.ts";

export function auditTables(tables: Tables): Offence[] {
  const summed = new Map<string, bigint>();
  const add = (id: string, amount: bigint) => summed.set(id, (summed.get(id) ?? 0n) + amount);
  const byRequest = new Map<string, TransferRow[]>();
  for (const transfer of tables.transfers.values()) {
    add(transfer.debit, -transfer.amount);
    add(transfer.credit, transfer.amount);
    if (!transfer.of) continue;
    const name = `${transfer.of.hold}.${transfer.of.k}`;
    byRequest.set(name, [...(byRequest.get(name) ?? []), transfer]);
  }
  return [
    ...auditSources(tables),
    ...auditAccounts(tables, summed),
    ...[...tables.holds.values()].flatMap((hold) => auditHold(hold, tables, byRequest)),
    ...[...byRequest].map(([subject]) => offence(5, subject, "transfers", "a request")),
  ];
}

const offence = (
  invariant: Offence["invariant"],
  subject: string,
  found: unknown,
  expected: unknown,
): Offence => ({ invariant, subject, found: String(found), expected: String(expected) });

const ways: Record<TransferRow["kind"], string | undefined> = {
  issue: "issuance to faucet",
  grant: "faucet to user",
  gift: "user to user",
  request: undefined,
};

function auditSources({ transfers, accounts }: Tables): Offence[] {
  return [...transfers.values()].flatMap(({ id, kind, debit, credit }) => {
    const way = `${accounts.get(debit)?.kind} to ${accounts.get(credit)?.kind}`;
    const expected = ways[kind];
    return expected === undefined || way === expected ? [] : [offence(1, id, way, expected)];
  });
}

function auditAccounts(tables: Tables, summed: ReadonlyMap<string, bigint>): Offence[] {
  const reserved = new Map<string, bigint>();
  for (const { state, account, amount, captured } of tables.holds.values())
    if (state === "open") reserved.set(account, (reserved.get(account) ?? 0n) + amount - captured);
  const offences: Offence[] = [];
  let total = 0n;
  for (const { id, materialised, posted, held, bounded } of tables.accounts.values()) {
    const net = summed.get(id) ?? 0n;
    const kept = reserved.get(id) ?? 0n;
    total += materialised ? posted : net;
    if (materialised && posted !== net) offences.push(offence(2, id, posted, net));
    if (materialised && held !== kept) offences.push(offence(3, id, held, kept));
    if (bounded && net - kept < 0n) offences.push(offence(4, id, net - kept, "at least 0"));
  }
  if (total !== 0n) offences.push(offence(1, "all accounts", total, 0));
  return offences;
}

/** @param byRequest what is found to belong is taken out of it */
function auditHold(
  hold: HoldRow,
  tables: Tables,
  byRequest: Map<string, TransferRow[]>,
): Offence[] {
  const offences: Offence[] = [];
  let paid = 0n;
  for (const request of tables.requests.get(hold.id)?.values() ?? []) {
    const name = `${hold.id}.${request.k}`;
    offences.push(...auditRequest(name, request, hold, byRequest.get(name) ?? []));
    byRequest.delete(name);
    paid += request.cost - request.shortfall;
  }
  if (paid !== hold.captured) offences.push(offence(5, hold.id, hold.captured, paid));
  return offences;
}

/** One request against its transfers; also used on its own, after each change. */
export function auditRequest(
  name: string,
  request: StoredRequest,
  hold: HoldRow,
  transfers: readonly TransferRow[],
): Offence[] {
  const net = (id: string) =>
    transfers.reduce(
      (sum, { debit, credit, amount }) =>
        sum + (credit === id ? amount : 0n) - (debit === id ? amount : 0n),
      0n,
    );
  const { state, commons, settledAt, vestsAt } = request;
  const captured = request.cost - request.shortfall;
  const isOwn = hold.account === hold.payee;
  const expected = [
    state === "reversed" ? 0n : -captured,
    state === "settled" ? captured - commons : 0n,
    state === "vesting" ? captured : 0n,
    commons,
  ].join(" ");
  const found = [hold.account, hold.payee, vestingOf(hold.payee), "commons"].map(net).join(" ");
  const offences: Offence[] = [];
  if (isOwn ? transfers.length > 0 || captured > 0n : found !== expected)
    offences.push(offence(5, name, found, expected));
  const isEnded = state === "settled" || state === "reversed";
  const isOfHold = request.account === hold.account && request.payee === hold.payee;
  if (!isOfHold || isEnded !== (settledAt !== null) || (state === "vesting") !== (vestsAt !== null))
    offences.push(offence(6, name, state, "an end, or one in sight, between the hold's parties"));
  return offences;
}
