/** Runs sequences on the model and on PostgreSQL, and compares every balance and every answer after every step. */
import fc from "fast-check";
import { expect } from "vitest";
import { createDatabase } from "../support/services.ts";
import { createBoth, type Both } from "./both.ts";
import { accountsInPlay, sequence, veteran, type Operation } from "./operations.ts";
import { openRealBooks, predicted, type RealBooks } from "./real-books.ts";

const dayMs = 86_400_000;
/** Longer than any sequence: each has an age of its own, so that none meets what another left. */
const ageMs = 60 * dayMs;
const beginning = 1_800_000_000_000;
const auditEvery = 100;

export interface Tally {
  sequences: number;
  steps: number;
  /** How often each answer was given, and each end reached. */
  answers: Map<string, number>;
}

/** @returns what was tried and what came of it */
export async function compareSequences(count: number, seed?: number): Promise<Tally> {
  await using database = await createDatabase();
  await using real = await openRealBooks(database.url);
  const tally: Tally = { sequences: 0, steps: 0, answers: new Map() };
  let now = beginning;
  let isSound = true;
  const property = fc.asyncProperty(sequence, async (operations) => {
    now += ageMs;
    try {
      await compare(real, operations, now, tally);
    } catch (error) {
      // The books may be broken from now on, whatever smaller sequence is tried: only steps are compared.
      isSound = false;
      throw error;
    }
    tally.sequences += 1;
    if (isSound && tally.sequences % auditEvery === 0)
      expect(await real.ledger.audit()).toEqual([]);
  });
  await fc.assert(property, { numRuns: count, ...(seed === undefined ? {} : { seed }) });
  expect(await real.ledger.audit()).toEqual([]);
  return tally;
}

async function compare(
  real: RealBooks,
  operations: readonly Operation[],
  now: number,
  tally: Tally,
): Promise<void> {
  const accounts = await real.addAccounts(accountsInPlay, now);
  const earned = await real.makeVeteran(accounts[veteran]!, now);
  const faucet = await real.faucet();
  const both = createBoth(real, accounts, now);
  const { state } = both.model;
  state.accounts.get(accounts[veteran]!)!.posted = earned;
  const check = async (step: string) => {
    expect(await real.read(accounts, both.holds), step).toEqual(predicted(state));
    expect(await real.faucet(), step).toBe(faucet + state.faucet);
    assertSound(both, earned);
  };
  try {
    for (const [index, operation] of operations.entries()) {
      const { model, ledger } = await both.apply(operation);
      const step = `after step ${index}, ${operation.type}`;
      expect(ledger, step).toBe(model);
      await check(step);
      tally.steps += 1;
      for (const word of model.match(/[a-z_]{4,}/g) ?? []) count(tally, word);
    }
  } finally {
    // Nothing is left for the next age to stumble over.
    state.now += 10 * dayMs;
    both.model.expire();
    both.model.vest();
    await real.ledger.expireHolds(state.now);
    await real.ledger.vest(state.now);
  }
  await check("after everything has ended");
  for (const { requests } of state.holds.values())
    for (const { standing } of requests.values()) count(tally, `ended ${standing}`);
  if (state.commons > 0n) count(tally, "to the commons");
  for (const vesting of state.vesting.values()) expect(vesting).toBe(0n);
}

const count = ({ answers }: Tally, what: string) => answers.set(what, (answers.get(what) ?? 0) + 1);

/** What must be true of the model itself, or it proves nothing: no sum below zero, and nothing made or lost. */
function assertSound({ model: { state } }: Both, earned: bigint): void {
  let total = state.faucet + state.commons - earned;
  for (const { posted, held, starter } of state.accounts.values()) {
    total += posted;
    expect(held >= 0n && starter >= 0n && posted >= held).toBe(true);
  }
  for (const vesting of state.vesting.values()) total += vesting;
  expect(total).toBe(0n);
  for (const { taken, amount } of state.holds.values())
    expect(taken >= 0n && taken <= amount).toBe(true);
}
