/** What is believed of a refusal in a node's name. */
import { expect, test } from "vitest";
import { readRefusal } from "./refusal.ts";

const said = (error: unknown, headers: Record<string, string> = {}) =>
  readRefusal(503, headers, [[Buffer.from(JSON.stringify({ error, request_id: "r" }))]]);
const error = (code: string) => ({ code, message: "<b>", type: "x", param: "a b" });

test("its code is taken, its words and a parameter that is none are not", async () => {
  const refusal = await said(error("engine_error"));
  expect(refusal).toMatchObject({ code: "engine_error" });
  expect(refusal.message).not.toContain("<b>");
  expect(refusal.param).toBeUndefined();
});

test.each(["insufficient_credits", "spending_cap", "account_unknown", "made_up"])(
  "of %s nobody there knows",
  async (code) => {
    expect(await said(error(code))).toMatchObject({ code: "node_unreachable" });
  },
);

test("a relay that has too many callers from one network is busy, for as long as it says", async () => {
  expect(await said(error("rate_limit_exceeded"), { "retry-after": "7" })).toMatchObject({
    ...{ code: "busy", retryAfterMs: 7_000 },
  });
});

test("what is no refusal of ours, or too long, means that no node was reached", async () => {
  expect(await said("no")).toMatchObject({ code: "node_unreachable" });
  const long = await readRefusal(502, {}, Array(200).fill([Buffer.alloc(16_384, 120)]));
  expect(long).toMatchObject({ code: "node_unreachable" });
});
