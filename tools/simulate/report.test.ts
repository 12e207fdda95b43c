import { expect, test } from "vitest";
import type { SeedResult } from "../../test/simulation/simulate-seed.ts";
import { noFaults } from "../../test/simulation/world/faults.ts";
import { enoughSeeds, isGood, reportOf, reportText } from "./report.ts";

const everyFault = Object.fromEntries(
  Object.keys(noFaults()).map((kind) => [kind, 1]),
) as SeedResult["faults"];

const world = (seed: number, given: Partial<SeedResult> = {}): SeedResult => ({
  ...{ seed, violations: [], jobs: 10, answered: 9, events: 100, elapsedMs: 3_600_000 },
  ...{ faults: everyFault, earnings: { answered: 0, earned: 0, busyMs: 0 } },
  ...given,
});
const worlds = (count: number, given: Partial<SeedResult> = {}) =>
  Array.from({ length: count }, (_, index) => world(index + 1, given));

test("worlds add up", () => {
  const report = reportOf(worlds(4), [], 2);
  expect(report).toMatchObject({ seeds: 4, seedsPerSecond: 2, jobs: 40, virtualHours: 4 });
  expect(report.faults["partition"]).toBe(4);
  expect(isGood(report)).toBe(true);
});

test("a violation is said with the command that replays it, in the order of the seeds", () => {
  const violations = [{ at: 5, what: "money was made" }];
  const report = reportOf([world(9, { violations }), world(3, { violations })], [], 1);
  expect(isGood(report)).toBe(false);
  const text = reportText(report);
  expect(text).toContain("seed 9 at 5 ms: money was made");
  expect(text).toContain("npm run simulate -- --seed 3 --trace");
  expect(text.indexOf("seed 3")).toBeLessThan(text.indexOf("seed 9"));
});

test("a world that broke off is a failure", () => {
  const report = reportOf(worlds(2), [{ seed: 3, error: "out of memory" }], 1);
  expect(isGood(report)).toBe(false);
  expect(reportText(report)).toContain("seed 3 broke off: out of memory");
});

test(`a kind of fault that never came about in ${enoughSeeds} worlds is a failure`, () => {
  const faults = { ...everyFault, partition: 0 };
  expect(isGood(reportOf(worlds(enoughSeeds - 1, { faults }), [], 1))).toBe(true);
  const report = reportOf(worlds(enoughSeeds, { faults }), [], 1);
  expect(isGood(report)).toBe(false);
  expect(reportText(report)).toContain(`partition never came about in ${enoughSeeds} worlds`);
});
