import { expect, test } from "vitest";
import type { Rate } from "../../protocol/price.ts";
import { agreedCost } from "./charge.ts";

const rate: Rate = {
  perSecond: 10n ** 12n,
  perPromptToken: 10n ** 9n,
  perCompletionToken: 10n ** 12n,
};
const worker = { billedMs: 10_000, promptTokens: 100, completionTokens: 500 };

test.each([
  ["bounds above the worker's figures", { billedMs: 12_000 }, 10_000_000n],
  ["a difference of 5 %", { billedMs: 9_500 }, 10_000_000n],
  ["a difference of more", { billedMs: 9_499 }, 9_499_000n],
  ["tokens far below", { completionTokens: 4 }, 4_100_000n],
  ["nothing at all", { billedMs: 0 }, 0n],
])("%s", (_name, bounds, agreed) => {
  const client = { ...worker, ...bounds };
  expect(agreedCost(10_000_000n, worker, client, rate)).toBe(agreed);
});

test("what the worker asked for is never raised", () => {
  expect(agreedCost(7n, worker, { ...worker, billedMs: 9_000 }, rate)).toBe(7n);
});
