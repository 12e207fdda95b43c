/** What is set aside for a request is its tokens' price, as far as these are known before it is sent. */
import { expect, test } from "vitest";
import { costOf, freeRate } from "../../protocol/price.ts";
import { lostCost, mostFor, reserveFor, sizeOf, typicalCost } from "./estimate.ts";

const micro = 1_000_000n;
const rate = { perSecond: 10n * micro, perPromptToken: 1n * micro, perCompletionToken: 2n * micro };
const messages = [{ role: "user", content: "x".repeat(300) }];
const chat = "/v1/chat/completions";

test.each([
  ["a stated length is set aside as it is", chat, { messages, max_tokens: 50 }, 200n],
  ["the newer name of it counts first", chat, { max_completion_tokens: 5, max_tokens: 50 }, 10n],
  ["without one a longer answer than usual is", chat, { messages }, 100n + 2n * 1_024n],
  ["embeddings have no answer", "/v1/embeddings", { input: "x".repeat(300) }, 100n],
  ["completions have a prompt", "/v1/completions", { prompt: "abc", max_tokens: 1 }, 3n],
] as const)("%s", (_name, path, fields, amount) => {
  expect(reserveFor(sizeOf(path, fields, 0), rate)).toBe(amount);
});

test("a picture counts as what models make of it, not by its bytes", () => {
  const url = `data:image/png;base64,${"A".repeat(90_000)}`;
  const content = [{ type: "image_url", image_url: { url } }];
  const size = sizeOf(chat, { messages: [{ role: "user", content }], max_tokens: 0 }, 0);
  expect(reserveFor(size, rate)).toBe(1_000n);
});

test("no request that states its length costs more than was set aside, however long it takes", () => {
  const reserve = reserveFor(sizeOf(chat, { messages, max_tokens: 50 }, 0), rate);
  const usage = { billedMs: 1e9, promptTokens: 100, completionTokens: 50 };
  expect(costOf(usage, rate)).toBe(reserve);
});

test("what became of it nobody knows: the most is its ticket's, its tokens' or its time's, the least of them", () => {
  const stated = sizeOf(chat, { messages, max_tokens: 50 }, 400);
  expect(mostFor(stated, rate, 10_000n)).toBe(500n);
  expect(mostFor(stated, rate, 300n)).toBe(300n);
  expect(mostFor(sizeOf(chat, { messages }, 400), rate, 10_000n)).toBe(10_000n);
  expect(lostCost(500n, 10n, 2_001)).toBe(21n);
  expect(lostCost(500n, 10n, 3_600_000)).toBe(500n);
  expect(lostCost(500n, 10n, -5)).toBe(500n);
});

test("people are told what a usual answer costs at most", () => {
  expect(typicalCost(rate)).toBe(200n + 2n * 400n);
  expect(typicalCost(freeRate)).toBe(0n);
});
