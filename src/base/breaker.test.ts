import { expect, test } from "vitest";
import {
  afterFailure,
  breakerPhase,
  type BreakerRule,
  type BreakerState,
  closedBreaker,
} from "./breaker.ts";

const rule: BreakerRule = { failures: 3, firstMs: 1_000, ceilingMs: 4_000 };

/** The state after failures at these times. */
const failedAt = (...times: number[]): BreakerState =>
  times.reduce((state, now) => afterFailure(state, rule, now), closedBreaker);

test("it opens at the third failure in a row, not before", () => {
  expect(breakerPhase(closedBreaker, 0)).toBe("closed");
  expect(breakerPhase(failedAt(0, 0), 0)).toBe("closed");
  expect(breakerPhase(failedAt(0, 0, 0), 0)).toBe("open");
});

test("it stays open for its time, and then lets somebody try", () => {
  const open = failedAt(5, 6, 7);
  expect(breakerPhase(open, 1_006)).toBe("open");
  expect(breakerPhase(open, 1_007)).toBe("half_open");
});

test("failures of what had begun before it opened do not keep it open for longer", () => {
  expect(failedAt(0, 0, 0, 999)).toEqual(failedAt(0, 0, 0));
});

test("each trial that fails opens it for twice as long, up to the ceiling", () => {
  const openings = [0, 1_000, 3_000, 7_000, 11_000];
  let state = failedAt(0, 0);
  const until = openings.map((now) => {
    state = afterFailure(state, rule, now);
    return state.openUntil;
  });
  expect(until).toEqual([1_000, 3_000, 7_000, 11_000, 15_000]);
});
