/** One job that fails, or one row, stops nothing but itself, and does not keep holds from expiring. */
import { expect, test, vi } from "vitest";
import { systemRandom } from "../../base/random.ts";
import { createLog } from "../../host/log.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { createMovedClock } from "../clock.fixture.ts";
import { startJobs, type JobsOptions } from "./jobs.ts";
import { expiryPauseMs } from "./recovery.ts";

const step = 10_000;
const patience = { timeout: 10_000, interval: 5 };
const nothingDue = { vested: 0, last: undefined };
type VestOptions = Parameters<JobsOptions["ledger"]["vest"]>[1];
const gone = () => Promise.reject(new Error("connect ECONNREFUSED"));

async function run(ledger: Partial<JobsOptions["ledger"]>) {
  const clock = createMovedClock();
  const expired: number[] = [];
  const swept: number[] = [];
  const state = { isGone: false };
  const jobs = await startJobs({
    clock,
    random: systemRandom,
    log: createLog("silent"),
    service: {
      resume: (now) => (state.isGone ? gone() : Promise.resolve({ now, lastAlive: undefined })),
      writeAlive: (now) => (state.isGone ? gone() : Promise.resolve(now)),
    },
    registry: { runningHolds: () => Promise.resolve(new Set()) },
    onSwept: async (now) => void swept.push(now),
    ledger: {
      refill: () => Promise.resolve(),
      vest: () => Promise.resolve(nothingDue),
      findUnusedHolds: () => Promise.resolve([]),
      releaseUnused: () => Promise.resolve(),
      expireHolds: async (now) => expired.push(now),
      ...ledger,
    },
  });
  const rounds = (count: number) =>
    vi.waitFor(() => {
      clock.advance(step);
      expect(expired.length).toBeGreaterThanOrEqual(count);
    }, patience);
  return { jobs, clock, expired, swept, state, rounds };
}

const tooLate = new TroopError("ledger_unavailable", undefined, {
  cause: Object.assign(new Error("canceling statement due to lock timeout"), { code: "55P03" }),
});
test.each([
  ["vesting", { vest: () => Promise.reject(new Error("a poisoned row")) }],
  ["vesting waits too long for a lock", { vest: () => Promise.reject(tooLate) }],
  ["looking for unused tickets", { findUnusedHolds: () => Promise.reject(new Error("no Redis")) }],
])("where %s fails, holds expire all the same, round after round", async (_name, ledger) => {
  const { jobs, clock, expired, swept, rounds } = await run(ledger);
  const start = clock.now();
  await rounds(3);
  expect(expired[0]! - start).toBeLessThan(expiryPauseMs);
  expect(expired[2]! - expired[0]!).toBeLessThan(expiryPauseMs);
  // Not everything that was due has been dealt with, and the audit is to see it.
  expect(swept).toEqual([]);
  await jobs[Symbol.asyncDispose]();
});

test("a hold whose vesting fails is passed over, and the sweep is not complete", async () => {
  const ledger = {
    vest: (_now: number, { passOver }: VestOptions = {}) => {
      passOver?.("a hold", new Error("poisoned"));
      return Promise.resolve(nothingDue);
    },
  };
  const { jobs, swept, rounds } = await run(ledger);
  await rounds(2);
  expect(swept).toEqual([]);
  await jobs[Symbol.asyncDispose]();
});

test("after the books were out of reach, holds wait for their receipts", async () => {
  const { jobs, clock, expired, state, rounds } = await run({});
  await rounds(1);
  state.isGone = true;
  for (let passed = 0; passed < 12; passed += 1) {
    clock.advance(step);
    await vi.waitFor(() => Promise.resolve());
  }
  const before = expired.length;
  state.isGone = false;
  const back = clock.now();
  await rounds(before + 1);
  expect(expired[before]! - back).toBeGreaterThanOrEqual(expiryPauseMs - step);
  await jobs[Symbol.asyncDispose]();
});
