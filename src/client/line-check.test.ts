import { expect, test } from "vitest";
import { limits } from "../protocol/limits.ts";
import { parseRates } from "../protocol/price.ts";
import type { Line } from "../protocol/receipt.ts";
import { createSecretTree } from "../protocol/secrets.ts";
import { stubRate } from "./fixtures/stub-worker.fixture.ts";
import { judgeLine } from "./line-check.ts";

const rate = parseRates(stubRate);
const secret = createSecretTree(new Uint8Array(32)).reveal(3);
const seen = { elapsedMs: 100.4, sentBytes: 50, textBytes: 10 };
const bounds = { billed_ms: 2_101, prompt_tokens: 50, completion_tokens: 10 };

/** 0.6 credits by tokens, 2.1 by time. */
const line: Line = {
  ...secret,
  started: 0,
  ended: 0,
  billed_ms: 2_101,
  first_token_ms: null,
  prompt_tokens: 50,
  completion_tokens: 10,
  estimated: false,
  finish: "stop",
  cost: "0.600000",
};
const judge = (received: unknown, grace = 0) => judgeLine(received, secret, rate, seen, grace);

test("a line at the bounds is ok, and the bounds are what is stated", () => {
  expect(judge(line)).toMatchObject({ verdict: "ok", figures: bounds, tokensGraceUsed: 0 });
});

test("less than its figures cost is fair", () => {
  expect(judge({ ...line, cost: "0.000000" }).verdict).toBe("ok");
});

test.each([
  { billed_ms: 2_102 },
  { prompt_tokens: 51, cost: "0.000000" },
  { completion_tokens: 11, cost: "0.000000" },
  { cost: "0.600001" },
])("a line with %o differs, and our bounds are stated", (changes) => {
  expect(judge({ ...line, ...changes })).toMatchObject({ verdict: "differs", figures: bounds });
});

test("tokens within the ticket's grace are stated as the line has them", () => {
  const more = { ...line, prompt_tokens: 52, completion_tokens: 13 };
  expect(judge(more, 5)).toMatchObject({
    verdict: "ok",
    figures: { ...bounds, prompt_tokens: 52, completion_tokens: 13 },
    tokensGraceUsed: 5,
  });
  expect(judge(more, 4).verdict).toBe("differs");
});

test.each([
  ["of another number", { k: 4 }],
  ["with another secret", { x: createSecretTree(new Uint8Array(32)).reveal(4).x }],
  ["with another path", { path: createSecretTree(new Uint8Array(32)).reveal(4).path }],
  ["with a negative time", { billed_ms: -1 }],
  ["with a field of its own", { tip: "1.000000" }],
])("a line %s is refused", (_name, changes) => {
  expect(judge({ ...line, ...changes }, limits.acknowledgedTokensGrace).verdict).toBe("refused");
});

test.each([null, 7, "line", []])("%j is no line", (received) => {
  expect(judge(received).verdict).toBe("refused");
});
