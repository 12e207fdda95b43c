/** What the worker decides of a request: how much is computed at most, and whose cache it is. */
import { expect, test } from "vitest";
import { answerShortly, startBareEngine } from "../../../test/support/fake-engine/bare-engine.ts";
import { chatBody } from "../../../test/support/fake-engine/infer-client.ts";
import { startTestWorker } from "../../../test/support/fake-engine/test-worker.ts";
import { type FakeEngine, testModel } from "../../../test/support/fake-engine/fake-engine.ts";
import { parseRates, type Rate } from "../../protocol/price.ts";
import { engineBody, payableTokensOf } from "./engine-body.ts";

const rateOf = (perSecond: string, perToken: string): Rate =>
  parseRates({
    per_second: `${perSecond}.000000000000`,
    per_prompt_token: "0.000000000000",
    per_completion_token: `0.${perToken}`,
  });
/** Credits. */
const micro = (credits: number) => BigInt(credits * 1_000_000);

test.each<[string, bigint, Rate, number]>([
  ["by tokens where time costs more", micro(2), rateOf("10", "001000000000"), 2_000],
  ["by time where tokens cost more", micro(2), rateOf("1", "100000000000"), 2_000],
  [
    "without bound where the longest time is paid for",
    micro(1_800),
    rateOf("1", "001000000000"),
    Infinity,
  ],
  ["without bound where tokens cost nothing", 1n, rateOf("1", "000000000000"), Infinity],
  ["at least one, which ends it", 0n, rateOf("1", "001000000000"), 1],
])("a budget pays for an answer %s", (_how, left, rate, tokens) => {
  expect(payableTokensOf(left, rate, 1_800)).toBe(tokens);
});

const sent = (fields: object, bounds: { payable: number; context?: number; prompt?: number }) => {
  const model = { ...testModel("m"), ...(bounds.context && { context_length: bounds.context }) };
  const body = engineBody(
    {
      ...{ path: "/v1/chat/completions", fields: fields as Record<string, unknown> },
      ...{ promptBytes: bounds.prompt ?? 100, payableTokens: bounds.payable, salt: () => "s" },
    },
    { engine: {}, model, ownName: "m" },
  );
  const { max_tokens, max_completion_tokens } = JSON.parse(body) as Record<string, unknown>;
  return { max_tokens, max_completion_tokens };
};

test.each<[string, object, Parameters<typeof sent>[1], object]>([
  ["more than is paid for", { max_tokens: 900 }, { payable: 50 }, { max_tokens: 50 }],
  ["less than is paid for", { max_tokens: 9 }, { payable: 50 }, { max_tokens: 9 }],
  [
    "more than the context",
    { max_tokens: 9_000 },
    { payable: Infinity, context: 64 },
    { max_tokens: 64 },
  ],
  [
    "it by both names",
    { max_tokens: 900, max_completion_tokens: 70 },
    { payable: 80 },
    { max_tokens: 80, max_completion_tokens: 70 },
  ],
  ["nothing, and the budget ends first", {}, { payable: 50, context: 4_096 }, { max_tokens: 50 }],
  ["nothing, and the context may end first", {}, { payable: 3_000, context: 4_096 }, {}],
  ["nothing, and the prompt is long", {}, { payable: 50, context: 4_096, prompt: 3_000 }, {}],
  ["nothing, of a context that nobody knows", {}, { payable: 50 }, {}],
  ["nothing, and all is paid for", {}, { payable: Infinity, context: 4_096 }, {}],
])("who asks for %s", (_what, fields, bounds, expected) => {
  expect(sent(fields, bounds)).toEqual({
    ...{ max_tokens: undefined, max_completion_tokens: undefined },
    ...expected,
  });
});

test("what a request may make shrinks with what its ticket has left; the owner's own has no bound", async () => {
  await using bare = await startBareEngine((request, response) => {
    // A millisecond costs more than its token.
    void network.clock.advance(1).then(() => answerShortly(request, response));
  });
  await using network = await startTestWorker({ drive: bare.drive });
  const rate = {
    per_second: "1000.000000000000",
    per_prompt_token: "0.000000000000",
    per_completion_token: "0.500000000000",
  };
  const ticket = await network.ticket({ budget: "2.000000", rate });
  const body = chatBody({ max_tokens: 5_000 });
  await network.ask({ ticket, k: 1, body });
  await network.ask({ ticket, k: 2, body });
  await network.ask({ ticket: await network.ticket({ own: true, budget: "0.000000" }), body });
  const limits = bare.requests.map(
    (each) => (JSON.parse(each.body) as { max_tokens: number }).max_tokens,
  );
  expect(limits).toEqual([4, 3, 5_000]);
});

test("an engine with a salt keeps requesters apart in its cache, by one that names nobody", async () => {
  await using bare = await startBareEngine(answerShortly);
  const driving = {
    drive: (fake: FakeEngine) => ({ ...bare.drive(fake), saltField: "cache_salt" as const }),
  };
  await using one = await startTestWorker(driving);
  await using other = await startTestWorker(driving);
  const body = chatBody({ cache_salt: "mine" });
  for (const [worker, sub] of [
    [one, "ann"],
    [one, "ann"],
    [one, "bob"],
    [other, "ann"],
  ] as const)
    await worker.ask({ ticket: await worker.ticket({ sub }), body });
  const salts = bare.requests.map(
    (each) => (JSON.parse(each.body) as { cache_salt: string }).cache_salt,
  );
  const [ann, again, bob, elsewhere] = salts;
  expect(ann).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(again).toBe(ann);
  expect(new Set([ann, bob, elsewhere]).size).toBe(3);
});
