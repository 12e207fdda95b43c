import { expect, test } from "vitest";
import { figureOf, quantile } from "./figure.ts";

const fast = { figure: "speed", good: "at least", gate: 0.4, aim: 0.6 } as const;
const slow = { figure: "time", good: "at most", gate: 4, aim: 2 } as const;

test.each([
  [fast, [0.41, 0.5, 0.6], "met"],
  [fast, [0.3, 0.35, 0.39], "missed"],
  [fast, [0.2, 0.41, 0.6], "inconclusive"],
  [slow, [3, 3.5, 4], "met"],
  [slow, [4.1, 5, 6], "missed"],
  [slow, [2, 4, 9], "inconclusive"],
] as const)("%o of %o is %s", (gate, ratios, verdict) => {
  expect(figureOf(gate, ratios).verdict).toBe(verdict);
});

test("one wild round neither makes nor breaks a figure", () => {
  expect(figureOf(fast, [0.01, 0.5, 0.51, 0.52, 0.53]).verdict).toBe("met");
});

test("quantiles lie between the two nearest values", () => {
  expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
  expect(quantile([7], 0.25)).toBe(7);
});
