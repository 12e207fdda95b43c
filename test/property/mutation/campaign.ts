/**
 * Mutated receipts and acknowledgements against the coordinator's own way in: half are re-signed by the right key, so
 * that the rules and not the signature refuse them. Whatever they say: paid ≤ hold, once, for numbers that were shown.
 */
import fc from "fast-check";
import { sql } from "kysely";
import { expect } from "vitest";
import { createAccounts } from "../../../src/coordinator/accounts/accounts.ts";
import { insertAccount } from "../../../src/coordinator/accounts/store.ts";
import { openDatabase, type Database } from "../../../src/coordinator/database.ts";
import { migrateUp } from "../../../src/coordinator/migrations/migrate.ts";
import { createLedger, type Ledger } from "../../../src/coordinator/ledger/ledger.ts";
import { createSqlStore } from "../../../src/coordinator/ledger/sql-store.ts";
import { createRedeemer } from "../../../src/coordinator/tickets/redeem.ts";
import { createLog } from "../../../src/host/log.ts";
import type { StatementOutcome } from "../../../src/protocol/receipt.ts";
import { verifier } from "../../../src/protocol/signature.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createDatabase } from "../../support/services.ts";
import { makeRawKey } from "./keys.ts";
import { createVictims, revealed, type Victim } from "./victims.ts";
import { changedPayload, type Draw } from "./payloads.ts";
import { forgedText } from "./texts.ts";

const audience = "http://127.0.0.1:8000";
const perRound = 50;
const auditEvery = 50;

export type Tally = Map<string, number>;

/** @param count statements, in rounds of fifty against fresh holds */
export async function sendMutated(count: number, seed?: number): Promise<Tally> {
  await using service = await createDatabase();
  const url = new URL(service.url);
  url.searchParams.set("options", "-c synchronous_commit=off");
  const config = { url: url.href, folder: undefined, poolSize: 4 };
  const database = await openDatabase(config, createLog("silent"));
  await using _closing = { [Symbol.asyncDispose]: () => database.destroy() };
  await migrateUp(database);
  const clock = createFakeClock();
  const ledger = createLedger({
    ...{ store: createSqlStore(database), starterCredits: 10n ** 12n },
    faucetDaily: 10n ** 13n,
  });
  await ledger.refill(clock.now());
  const accounts = createAccounts({ database, clock });
  const publicUrl = () => audience;
  const redeemer = createRedeemer({ ledger, accounts, verifier, clock, publicUrl });
  const [node, payer, payee, stranger] = await Promise.all([1, 2, 3, 4].map(makeRawKey));
  for (const { id, jwk } of [payer!, payee!]) await insertAccount(database, id, jwk, clock.now());
  // Enough for every hold of the campaign.
  await ledger.grant(payer!.id, clock.now());

  const victims = createVictims(ledger, audience, { node: node!, payer: payer!, payee: payee! });
  const tally: Tally = new Map();
  let rounds = 0;
  const property = fc.asyncProperty(draws, async (numbers) => {
    const victim = await victims.fresh(clock.now());
    const next = drawing(numbers);
    for (let index = 0; index < perRound; index += 1) {
      const isReceipt = next(2) === 0;
      const isResigned = index % 2 === 0;
      const honest = isReceipt ? victim.receipt(next) : victim.acknowledgement(next);
      const jws = isResigned
        ? await honest.signer.sign(honest.type, changedPayload(honest.body, next, victim))
        : await forgedText(
            {
              genuine: await honest.signer.sign(honest.type, JSON.stringify(honest.body)),
              another: await honest.signer.sign(honest.type, JSON.stringify(honest.later)),
              payload: JSON.stringify(honest.body),
              ...{ type: honest.type, signer: honest.signer, stranger: stranger! },
            },
            next,
          );
      // It answers, whatever it is sent: one bad statement never blocks the next.
      const [outcome] = isReceipt
        ? await redeemer.redeemReceipts([jws])
        : await redeemer.redeemAcknowledgements([jws]);
      record(tally, isResigned ? "re-signed" : "forged", outcome!);
      if (!isResigned) expect(outcome).toMatchObject({ status: "refused" });
    }
    await assertUnharmed(database, victim);
    rounds += 1;
    if (rounds % auditEvery === 0) await assertSound(ledger, tally);
  });
  // Every round changes the books: a smaller round would be another campaign.
  const options = { numRuns: count / perRound, endOnFailure: true };
  await fc.assert(property, { ...options, ...(seed === undefined ? {} : { seed }) });
  await assertSound(ledger, tally);
  return tally;
}

const draws = fc.array(fc.nat(1_000_003), { minLength: 64, maxLength: 512, size: "max" });

/** Runs out of numbers never: they are taken round and round, moved on each time. */
function drawing(numbers: readonly number[]): Draw {
  let index = 0;
  return (below) => {
    const value = numbers[index % numbers.length]! + Math.floor(index / numbers.length) * 7_919;
    index += 1;
    return below <= 1 ? 0 : value % below;
  };
}

function record(tally: Tally, kind: string, outcome: StatementOutcome): void {
  const add = (what: string): void => void tally.set(what, (tally.get(what) ?? 0) + 1);
  add(kind);
  if (outcome.status === "refused") return add(`${kind}: ${outcome.code}`);
  for (const line of outcome.lines) add(`${kind}: ${line.outcome}`);
}

async function assertUnharmed(database: Database, { hold, otherHold }: Victim): Promise<void> {
  expect(await harmTo(database, [hold, otherHold])).toEqual({
    overpaid: 0n,
    never_shown: 0n,
    twice: 0n,
  });
}

/**
 * What must not be, from where credits went. No constraint of the schema keeps it from happening: a leg has one
 * transfer, but a request has several legs, and nothing binds transfers to what a hold says that it has captured.
 */
async function harmTo(database: Database, holds: readonly string[]): Promise<unknown> {
  const { rows } = await sql<Record<string, bigint>>`
    with moved as (
      select h.id, h.amount as allowed, t.k, t.amount, t.debit = h.account as is_taken, t.credit = h.payee as is_earned
      from transfer t join hold h on h.id = t.hold where h.id = any(${holds}::uuid[])
    ), taken as (
      select id, k, count(*) filter (where is_earned) as times, coalesce(sum(amount) filter (where is_taken), 0) as taken,
        coalesce(sum(amount) filter (where is_earned), 0) as earned
      from moved group by id, k
    )
    select
      (select count(*) from (
        select id from moved where is_taken group by id, allowed having sum(amount) > allowed
      ) hold) as overpaid,
      (select count(*) from request where hold = any(${holds}::uuid[])
        and receipt is not null and k <> all(${revealed}::int[])) as never_shown,
      (select count(*) from taken t left join request r on r.hold = t.id and r.k = t.k
        where t.times > 1 or t.taken > coalesce(r.cost, 0) or t.earned > t.taken) as twice
  `.execute(database);
  return rows[0];
}

async function assertSound(ledger: Ledger, tally: Tally): Promise<void> {
  expect(await ledger.audit(), JSON.stringify([...tally])).toEqual([]);
}
