import { expect, test } from "vitest";
import { limits } from "../../protocol/limits.ts";
import { parseRates } from "../../protocol/price.ts";
import type { Line } from "../../protocol/receipt.ts";
import { openTestSession } from "../../protocol/sealed-stream.fixture.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import { stubRate } from "../fixtures/stub-worker.fixture.ts";
import { type AnsweredObservation, judgeLine } from "./line-check.ts";

const rate = parseRates(stubRate);
const secret = createSecretTree(new Uint8Array(32)).reveal(3);
const wireHashes = { request: "q".repeat(43), response: "r".repeat(43) };
const seen = { elapsedMs: 100.4, sentBytes: 50, textBytes: 10, wireHashes };
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
  request_hash: wireHashes.request,
  response_hash: wireHashes.response,
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
  ["over another request", { request_hash: wireHashes.response }],
  ["over another answer", { response_hash: wireHashes.request }],
  ["that leaves its answer out", { response_hash: null }],
  [
    "that calls itself lost",
    { ...{ request_hash: null, response_hash: null }, finish: "worker_error", cost: "0.000000" },
  ],
  ["with a negative time", { billed_ms: -1 }],
  ["with a field of its own", { tip: "1.000000" }],
])("a line %s is refused", (_name, changes) => {
  expect(judge({ ...line, ...changes }, limits.acknowledgedTokensGrace).verdict).toBe("refused");
});

test("the line of an earlier answer under the same number stands for no other", () => {
  const { exchange } = openTestSession();
  const frames = [
    { type: "head", bytes: Buffer.from("{}") },
    { type: "body", bytes: Buffer.from("hello") },
  ] as const;
  const [earlier, now] = [exchange(3), exchange(3)].map(({ client, worker }) => {
    client.request.seal(frames[1], true);
    for (const frame of frames) client.answer.push(worker.answer.seal(frame));
    return { request: client.request.wireHash(), response: client.answer.wireHash() };
  }) as [AnsweredObservation["wireHashes"], AnsweredObservation["wireHashes"]];
  const told = { ...line, request_hash: earlier.request, response_hash: earlier.response };
  const judgeBy = (hashes: AnsweredObservation["wireHashes"]) =>
    judgeLine(told, secret, rate, { ...seen, wireHashes: hashes }, 0).verdict;
  expect(judgeBy(earlier)).toBe("ok");
  expect(judgeBy({ ...earlier, response: now.response })).toBe("refused");
  expect(judgeBy({ ...earlier, request: now.request })).toBe("refused");
});

test.each([null, 7, "line", []])("%j is no line", (received) => {
  expect(judge(received).verdict).toBe("refused");
});
