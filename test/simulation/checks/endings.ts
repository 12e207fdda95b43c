/** What must hold once everything has healed, every outbox is empty, and a day has passed: each request has its end. */
import { parseCredits } from "../../../src/protocol/credits.ts";
import { parseRates } from "../../../src/protocol/price.ts";
import type { WorkerActor } from "../actors/worker.ts";
import type { ClientActor } from "../actors/client.ts";
import { longestGapMs } from "../actors/engine.ts";
import { checkParts } from "./parts.ts";
import { auditTables } from "../ledger/memory-audit.ts";
import type { StoredRequest, Tables } from "../ledger/tables.ts";
import type { Truth } from "./truth.ts";

export interface EndingsParts {
  tables: Tables;
  truth: Truth;
  workers: readonly WorkerActor[];
  clients: readonly ClientActor[];
  violate: (what: string) => void;
}

export function checkEndings(parts: EndingsParts): void {
  const { tables, violate } = parts;
  for (const { invariant, subject, found, expected } of auditTables(tables))
    violate(`invariant ${invariant}: ${subject} is ${found} and not ${expected}`);
  for (const id of tables.openHolds) violate(`hold ${id} never ended`);
  for (const name of tables.vesting.keys()) violate(`${name} never vested`);
  checkRuns(parts);
  checkAnswers(parts);
  checkBudgets(parts);
  checkWords(parts);
  checkParts(parts);
  checkCloses(parts);
}

/** Every request that an honest worker's engine has had is on record, charged as its worker said, and paid for. */
function checkRuns({ tables, truth, workers, clients, violate }: EndingsParts): void {
  const honestWorkers = new Set(
    workers.filter(({ isHonest }) => isHonest).map(({ machine }) => machine.name),
  );
  const honestAccounts = new Set(
    clients.filter(({ isHonest }) => isHonest).map(({ account }) => account.id),
  );
  for (const { name, hold, k, worker } of truth.runs.values()) {
    if (!honestWorkers.has(worker)) continue;
    const row = tables.requests.get(hold)?.get(k);
    if (!row?.receipt) {
      violate(`${name} ran at ${worker} and is accounted for nowhere`);
      continue;
    }
    if (row.account === row.payee && row.cost > 0n) violate(`${name} was charged at its own node`);
    if (!honestAccounts.has(row.account)) continue;
    if (row.state !== "settled" || row.commons > 0n)
      violate(
        `${name}, between two honest sides, is ${row.state} with ${row.commons} gone to the commons`,
      );
    // Its line is over the very bytes that its client has sent and got.
    if (row.acknowledgement?.verdict === "refused")
      violate(`${name}, between two honest sides, was refused`);
    // A worker closes a hold when nothing runs under it any more: its own lines are never too late.
    const { state, endedAt } = tables.holds.get(hold)!;
    if (row.shortfall > 0n && state === "closed" && row.receivedAt > endedAt!)
      violate(`${name} came after its hold was closed, and ${row.shortfall} of it is unpaid`);
    const { seen } = row.acknowledgement ?? {};
    if (seen && seen.lineHash !== row.receipt.lineHash)
      violate(`${name} is on record with another line than its requester has got`);
  }
}

/** Whoever has got a whole answer has said so. */
function checkWords({ tables, clients, violate }: EndingsParts): void {
  const words = new Map<string, number>();
  for (const ofHold of tables.requests.values())
    for (const { account, acknowledgement } of ofHold.values())
      if (acknowledgement) words.set(account, (words.get(account) ?? 0) + 1);
  for (const { machine, account, isHonest, answered } of clients) {
    const spoken = words.get(account.id) ?? 0;
    if (isHonest && spoken < answered)
      violate(`${machine.name} was answered ${answered} times and acknowledged ${spoken}`);
  }
}

/** What is closed, and has all its lines, is not kept open until it expires. */
function checkCloses({ tables, truth, violate }: EndingsParts): void {
  for (const [id, knownAt] of truth.closes) {
    const { state, endedAt, closingNumbers } = tables.holds.get(id)!;
    if (state !== "expired" || knownAt >= endedAt!) continue;
    const rows = tables.requests.get(id);
    const isThere = (row: StoredRequest | undefined) => row?.receipt && row.receivedAt < endedAt!;
    // A liar that spoke its lines under somebody else's hold has none for its own, and closes it all the same. Where no
    // number was noted none was waited for.
    if (!closingNumbers || closingNumbers.every((k) => isThere(rows?.get(k))))
      violate(`hold ${id} was closed by its worker, and stayed open until it expired`);
  }
}

/** What the coordinator has once answered stays so. */
function checkAnswers({ tables, truth, violate }: EndingsParts): void {
  for (const [name, { outcome, paid }] of truth.settlements) {
    const [hold, k] = name.split(".");
    const row = tables.requests.get(hold!)?.get(Number(k));
    if (!row?.receipt) violate(`${name} was answered "${outcome}" and is lost`);
    else if (
      outcome === "settled" &&
      (row.state !== "settled" || paid !== row.cost - row.shortfall)
    )
      violate(`${name} was answered "settled", ${paid}, and is ${row.state}`);
  }
}

/** An honest worker gives away no more than its meter can miss between two looks. */
function checkBudgets({ tables, truth, workers, violate }: EndingsParts): void {
  const traitsOf = new Map(
    workers.filter(({ isHonest }) => isHonest).map(({ machine, traits }) => [machine.name, traits]),
  );
  const runs = Map.groupBy(truth.runs.values(), ({ hold }) => hold);
  for (const [hold, ofHold] of runs) {
    const { worker, token } = ofHold[0]!;
    const traits = traitsOf.get(worker);
    const { budget, rate, own } = truth.claimsOf(token);
    if (!traits || own) continue;
    const rows: StoredRequest[] = [...(tables.requests.get(hold)?.values() ?? [])];
    const used = rows.reduce((sum, { cost }) => sum + cost, 0n);
    const { perSecond, perPromptToken, perCompletionToken } = parseRates(rate);
    const missed = (perSecond * BigInt(longestGapMs * traits.drags)) / 1_000n;
    const tokens = 8n * perPromptToken + 4n * perCompletionToken;
    // The lower of time and tokens counts, and which that is may change between the looks: either may make the step.
    const slack =
      (BigInt(traits.slots) * (missed > tokens ? missed : tokens)) / 1_000_000n +
      BigInt(rows.length);
    if (used > parseCredits(budget) + slack)
      violate(
        `hold ${hold} of ${budget} was used for ${used}, ${used - parseCredits(budget)} too much`,
      );
  }
}
