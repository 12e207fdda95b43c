import fc from "fast-check";
import { expect, test } from "vitest";
import { formatCredits, parseCredits, readCredits } from "./credits.ts";
import {
  budgetOf,
  costOf,
  formatRates,
  isCappedByTokens,
  parseRates,
  perSecondRate,
  secondsOf,
} from "./price.ts";

const rate = (perSecond: bigint, perPromptToken: bigint, perCompletionToken: bigint) => ({
  perSecond,
  perPromptToken,
  perCompletionToken,
});
const second = 1_000_000_000_000n;

test.each([
  {
    case: "time is the lesser",
    usage: { billedMs: 2_000, promptTokens: 10, completionTokens: 10 },
    cost: 2_000_000n,
  },
  {
    case: "tokens are the lesser",
    usage: { billedMs: 9_000, promptTokens: 1, completionTokens: 1 },
    cost: 2_000_000n,
  },
  {
    case: "nothing was produced",
    usage: { billedMs: 9_000, promptTokens: 0, completionTokens: 0 },
    cost: 0n,
  },
])("a request costs the lesser of seconds and tokens: $case", ({ usage, cost }) => {
  expect(costOf(usage, rate(second, second, second))).toBe(cost);
});

test("a cost is rounded up to the micro-credit", () => {
  const usage = { billedMs: 1, promptTokens: 1, completionTokens: 0 };
  expect(costOf(usage, rate(1n, 1n, 1n))).toBe(1n);
  expect(costOf(usage, rate(second, 1_000_001n, 0n))).toBe(2n);
});

test("the history can tell a cap by tokens from a charge by time", () => {
  const usage = { billedMs: 9_000, promptTokens: 1, completionTokens: 1 };
  expect(isCappedByTokens(usage, rate(second, second, second))).toBe(true);
  expect(isCappedByTokens({ ...usage, billedMs: 1 }, rate(second, second, second))).toBe(false);
});

test.each([
  { available: 999_999n, budget: undefined, why: "less than twenty seconds are available" },
  { available: 1_000_000n, budget: 1_000_000n, why: "just twenty seconds are available" },
  { available: 8_000_000n, budget: 2_000_000n, why: "a quarter lies between the bounds" },
  { available: 1_000_000_000n, budget: 15_000_000n, why: "five minutes are the most" },
])(
  "a budget at multiplier 0.05 with $available available is $budget: $why",
  ({ available, budget }) => {
    expect(budgetOf(available, 500)).toBe(budget);
  },
);

test("a client's own bound is kept, but never above what is available", () => {
  expect(budgetOf(1_000_000_000n, 500, 40n)).toBe(40n);
  expect(budgetOf(2_000_000n, 500, 900_000_000n)).toBe(2_000_000n);
});

test("one second of an RTX 3060 is one credit", () => {
  expect(perSecondRate(10_000)).toBe(second);
  expect(secondsOf(20, 10_000)).toBe(20_000_000n);
});

test("amounts and rates survive the wire", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), (amount) => {
      expect(parseCredits(formatCredits(amount))).toBe(amount);
      const rates = rate(amount, amount + 1n, amount + 2n);
      expect(parseRates(formatRates(rates))).toEqual(rates);
    }),
  );
  expect(formatCredits(-12_400_000n)).toBe("-12.400000");
});

test.each([
  ["1000", 1_000_000_000n],
  ["1000.0", 1_000_000_000n],
  ["0.5", 500_000n],
  ["-1", undefined],
  ["1e3", undefined],
  ["0.0000001", undefined],
  ["", undefined],
])("a setting of %j credits is read as %s", (text, amount) => {
  expect(readCredits(text)).toBe(amount);
});
