/** What a record is worth, and how little one requester, or any number of new ones, can do to it. */
import { describe, expect, test } from "vitest";
import { type Job, type NodeRecord, reputationOf } from "./reputation.ts";

const job = (requester: string, fields: Partial<Job> = {}): Job => ({
  ...{ requester, isKnown: true, ending: "answered", promisedMs: 1_000, billedMs: 1_000 },
  ...fields,
});
const times = (count: number, make: (index: number) => Job): Job[] =>
  Array.from({ length: count }, (_, index) => make(index));
const recordOf = (jobs: readonly Job[], fields: Partial<NodeRecord> = {}): NodeRecord => ({
  ...{ jobs, presence: { presentMs: 0, missedMs: 0 }, consistency: null },
  ...fields,
});
const scoreOf = (jobs: readonly Job[], fields: Partial<NodeRecord> = {}) =>
  reputationOf(recordOf(jobs, fields)).score;

const failed = { ending: "failed" } as const;
const disputed = { ending: "disputed" } as const;
const fresh = { isKnown: false };

test("a spotless record is worth 1", () => {
  expect(reputationOf(recordOf(times(5, () => job("a"))))).toMatchObject({
    ...{ score: 1, tier: "good", jobs: 5, counted: 5, failed: 0, disputed: 0, requesters: 1 },
    ...{ parts: { availability: 1, reliability: 1, performance: 1 }, why: [] },
  });
});

test("below five jobs a node is neutral, however they ended", () => {
  for (const ending of ["answered", "failed", "disputed"] as const)
    expect(reputationOf(recordOf(times(4, () => job("a", { ending }))))).toMatchObject({
      ...{ score: 0.85, tier: "new" },
    });
  expect(reputationOf(recordOf([])).why).toEqual(["too few jobs so far: it takes 5"]);
});

test("the three parts weigh 0.3, 0.5 and 0.2", () => {
  const jobs = times(10, () => job("a"));
  const away = { presence: { presentMs: 0, missedMs: 60 * 60_000 } };
  // An hour of having been there is taken for granted.
  expect(scoreOf(jobs, away)).toBeCloseTo(1 - 0.3 / 2);
  expect(scoreOf(times(10, (index) => job("a", index < 5 ? failed : {})))).toBeCloseTo(1 - 0.5 / 2);
  const slow = times(10, () => job("a", { promisedMs: 1_000, billedMs: 4_500 }));
  expect(scoreOf(slow)).toBeCloseTo(1 - 0.2 / 2);
});

test("ten failing jobs are the record of whom one requester asks, whatever there was before", () => {
  const before = times(100, () => job("a"));
  const record = recordOf([...times(10, () => job("a", failed)), ...before]);
  const now = reputationOf(record);
  expect(now.parts.reliability).toBe(0.5);
  expect(now.why).toEqual(["10 of the last 20 answers failed at the node"]);
  expect(reputationOf(recordOf(times(10, () => job("a", failed))))).toMatchObject({
    ...{ score: 0.3, tier: "poor", parts: { reliability: 0, performance: null } },
  });
});

test("twenty good jobs later nothing is left of it", () => {
  const record = [...times(20, () => job("a")), ...times(50, () => job("a", failed))];
  expect(scoreOf(record)).toBe(1);
});

describe("whoever is one of five has a fifth of the say", () => {
  const others = times(40, (index) => job(`requester ${index % 4}`));

  test("if they dispute a thousand answers", () => {
    const record = reputationOf(recordOf([...times(1_000, () => job("a", disputed)), ...others]));
    expect(record.parts.reliability).toBe(0.8);
    expect(record.score).toBeCloseTo(0.9);
    expect(record).toMatchObject({ disputed: 4, counted: 20, requesters: 5 });
  });

  test("if they praise a node that fails everybody else", () => {
    const failing = others.map((each) => ({ ...each, ...failed }));
    const record = reputationOf(recordOf([...times(1_000, () => job("a")), ...failing]));
    expect(record.parts.reliability).toBe(0.2);
  });

  test("if they are a thousand newcomers: all of them together are one", () => {
    const crowd = times(1_000, (index) => job(`new ${index}`, { ...fresh, ...disputed }));
    expect(scoreOf([...crowd, ...others])).toBeCloseTo(0.9);
    const praise = times(1_000, (index) => job(`new ${index}`, fresh));
    const failing = others.map((each) => ({ ...each, ...failed }));
    expect(reputationOf(recordOf([...praise, ...failing])).parts.reliability).toBe(0.2);
  });
});

test("nor have they more of it where the others asked once each", () => {
  const others = times(4, (index) => job(`requester ${index}`));
  const quarrel = times(1_000, () => job("a", disputed));
  expect(reputationOf(recordOf([...quarrel, ...others])).parts.reliability).toBe(0.8);
  const slow = times(1_000, () => job("a", { billedMs: 1_000_000 }));
  expect(reputationOf(recordOf([...slow, ...others])).parts.performance).toBeCloseTo(0.8, 2);
  const fewNew = others.map((each) => ({ ...each, ...fresh }));
  const newQuarrel = quarrel.map((each) => ({ ...each, ...fresh }));
  expect(reputationOf(recordOf([...newQuarrel, ...fewNew])).parts.reliability).toBe(0.8);
});

test("among newcomers alone each has the same say", () => {
  const others = times(40, (index) => job(`new ${index % 4}`, fresh));
  const quarrel = times(1_000, () => job("one of them", { ...fresh, ...disputed }));
  expect(reputationOf(recordOf([...quarrel, ...others])).parts.reliability).toBe(0.8);
});

test("what no hardware shortens is no fault of it, and half of the promised pace is enough", () => {
  const brief = times(5, () => job("a", { promisedMs: 20, billedMs: 500 }));
  expect(scoreOf(brief)).toBe(1);
  const shared = times(5, () => job("a", { promisedMs: 1_000, billedMs: 2_500 }));
  expect(scoreOf(shared)).toBe(1);
});

test("a node that answers otherwise than its peers has no performance, and says why", () => {
  const jobs = times(5, () => job("a"));
  expect(reputationOf(recordOf(jobs, { consistency: "consistent" })).score).toBe(1);
  expect(reputationOf(recordOf(jobs, { consistency: "inconsistent" }))).toMatchObject({
    ...{ score: 0.8, parts: { performance: 0 } },
    why: ["its answers differ from those of its peers with the same model"],
  });
});

test("each thing that lowers it is said", () => {
  const jobs = [
    ...times(3, () => job("a", disputed)),
    job("a", failed),
    ...times(6, () => job("a", { billedMs: 4_500 })),
  ];
  const presence = { presentMs: 3 * 60 * 60_000, missedMs: 60 * 60_000 };
  expect(reputationOf(recordOf(jobs, { presence })).why).toEqual([
    "1 of the last 10 answers failed at the node",
    "3 of the last 10 answers were disputed",
    "gone without a word for 20 % of its time",
    "slower than its multiplier promises: 50 % of what is asked for",
  ]);
});
