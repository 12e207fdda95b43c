/** Gifts over the wire, and the history that shows them, as JSON and as CSV. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { systemRandom } from "../../base/random.ts";
import { lineHash } from "../../protocol/receipt.ts";
import { someHashes } from "../../protocol/receipt.fixture.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import type { Signer } from "../../protocol/signature.ts";
import {
  beatOf,
  makeSigner,
  openCoordinator,
  type TestCoordinator,
} from "../coordinator.fixture.ts";

const services = new AsyncDisposableStack();
let troop: TestCoordinator;
/** Has earned a credit from each of ten others. */
let giver: Signer;
let friend: Signer;
beforeAll(async () => {
  const database = services.use(await createDatabase());
  troop = services.use(await openCoordinator({ databaseUrl: database.url }));
  [giver, friend] = [await makeSigner(), await makeSigner()];
  await troop.call(friend, "POST", "/users", {});
  const snapshot = {
    ...beatOf().snapshot!,
    models: [{ name: "big", size_bytes: 1e12, capabilities: ["chat" as const], loaded: true }],
  };
  const node = await troop.serve(giver, { snapshot });
  for (let count = 0; count < 10; count += 1) await buyFrom(node);
});
afterAll(() => services.disposeAsync());

/** A newcomer asks the node for twenty seconds, which at its multiplier are a credit, and agrees to the line. */
async function buyFrom(node: Signer) {
  const tree = createSecretTree(systemRandom.bytes(32));
  const user = await makeSigner();
  const wish = { id: systemRandom.uuid(), model: "big", node: node.id, anchor: tree.anchor };
  const { hold } = (await troop.call(user, "POST", "/authorize", wish)).body;
  const line = {
    ...tree.reveal(1),
    ...{ started: 1, ended: 2, billed_ms: 20_000, first_token_ms: null },
    ...{ prompt_tokens: 90_000, completion_tokens: 90_000, estimated: false },
    ...{ finish: "stop" as const, cost: "1.000000", ...someHashes },
  };
  const figures = { billed_ms: 20_000, prompt_tokens: 90_000, completion_tokens: 90_000 };
  const word = { k: 1, verdict: "ok", line_hash: lineHash(line), ...figures };
  const receipt = await troop.statement(node, "troop-receipt+jwt", { hold, lines: [line] });
  await troop.call(undefined, "POST", "/receipts", { statements: [receipt] });
  const said = await troop.statement(user, "troop-acknowledgement+jwt", { hold, lines: [word] });
  await troop.call(undefined, "POST", "/acknowledgements", { statements: [said] });
}

const gift = (fields: object = {}) => ({
  id: systemRandom.uuid(),
  to: friend.id,
  amount: "1.000000",
  ...fields,
});
const give = (body: object, by = giver) => troop.call(by, "POST", "/transfers", body);
const refusal = async (answer: Promise<{ status: number; body: { error: { code: string } } }>) => {
  const { status, body } = await answer;
  return [status, body.error.code];
};
const csvOf = async (query: string) => {
  const path = `/users/${giver.id}/transactions`;
  const answer = await troop.coordinator.inject({
    method: "GET",
    url: path + query,
    headers: { accept: "text/csv", dpop: await troop.proof(giver, "GET", path) },
  });
  return { lines: answer.payload.split("\r\n"), headers: answer.headers };
};

test("a gift arrives, the same call again gets the first answer, and both histories show it", async () => {
  const body = gift({ memo: "=for the llama" });
  const first = await give(body);
  expect(first).toMatchObject({
    status: 200,
    body: { id: body.id, from: giver.id, to: friend.id, amount: "1.000000" },
  });
  troop.clock.advance(1_000);
  expect((await give(body)).body).toEqual(first.body);
  const { body: balance } = await troop.call(friend, "GET", `/users/${friend.id}/balance`);
  expect(balance).toMatchObject({ available: "1.000000", non_transferable: "0.000000" });
  for (const [who, amount] of [
    [giver, "-1.000000"],
    [friend, "1.000000"],
  ] as const) {
    const path = `/users/${who.id}/transactions?kind=gift`;
    expect((await troop.call(who, "GET", path)).body.transactions).toMatchObject([
      { kind: "gift", amount, description: "=for the llama" },
    ]);
  }
  expect(await refusal(give({ ...body, amount: "2.000000" }))).toEqual([
    422,
    "idempotency_mismatch",
  ]);
});

test("what cannot be given says why", async () => {
  const stranger = await makeSigner();
  const cases: [object, Signer, number, string][] = [
    [gift({ to: giver.id }), giver, 400, "same_account"],
    [gift({ to: stranger.id }), giver, 404, "account_unknown"],
    [gift(), stranger, 404, "account_unknown"],
    [gift({ amount: "100.000000" }), giver, 402, "insufficient_credits"],
    [gift({ amount: "999999999999999.000000" }), giver, 402, "insufficient_credits"],
    [gift({ to: giver.id }), friend, 403, "not_transferable"],
    [gift({ amount: "0.000000" }), giver, 400, "invalid_value"],
    [gift({ amount: "-1.000000" }), giver, 400, "invalid_value"],
    [gift({ amount: 1 }), giver, 400, "invalid_value"],
    [gift({ amount: "a gift" }), giver, 400, "invalid_value"],
    [gift({ memo: "two\nlines" }), giver, 400, "invalid_value"],
    [gift({ memo: "x".repeat(141) }), giver, 400, "invalid_value"],
    [gift({ id: "mine" }), giver, 400, "invalid_value"],
    [gift({ from: friend.id }), giver, 400, "unknown_parameter"],
  ];
  for (const [body, by, status, code] of cases)
    expect(await refusal(give(body, by))).toEqual([status, code]);
  expect(await troop.coordinator.auditLedger()).toEqual([]);
});

test("CSV has a header line, a line for each entry, and runs nothing in a spreadsheet", async () => {
  await give(gift({ memo: "@SUM(1+1)*cmd|' /C calc'!A0" }));
  const { lines, headers } = await csvOf("?kind=gift");
  expect(headers["content-type"]).toMatch(/^text\/csv; charset=utf-8/);
  expect(lines[0]).toMatch(/^id,created_at,kind,transaction_type,amount,description,/);
  expect(lines).toHaveLength(4);
  const cell = (id: string) => (id.startsWith("-") ? `"'${id}"` : id);
  const ids = `${cell(giver.id)},${cell(friend.id)}`;
  expect(lines[1]).toContain(`"-1.000000","'@SUM(1+1)*cmd|' /C calc'!A0",${ids}`);
  expect(lines[2]).toContain(`"'=for the llama"`);
});

test("pages of CSV follow one another by their Link, and only the first has the header", async () => {
  const whole = await csvOf("?limit=200");
  const paged: string[] = [];
  let query = "?limit=5";
  for (;;) {
    const { lines, headers } = await csvOf(query);
    paged.push(...lines.filter(Boolean));
    const next = /^<([^>]+)>; rel="next"$/.exec(String(headers["link"] ?? ""))?.[1];
    if (!next) break;
    query = next;
  }
  expect(paged).toEqual(whole.lines.filter(Boolean));
  expect(paged).toHaveLength(1 + 10 + 2);
});

test("an unknown kind is refused", async () => {
  const path = `/users/${giver.id}/transactions?kind=bribe`;
  expect(await refusal(troop.call(giver, "GET", path))).toEqual([400, "invalid_value"]);
});
