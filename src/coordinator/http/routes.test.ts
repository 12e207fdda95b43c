/** What each route refuses, and what it answers where the refusal is close. */
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
let user: Signer;
let owner: Signer;
let node: Signer;
beforeAll(async () => {
  const database = services.use(await createDatabase());
  troop = services.use(await openCoordinator({ databaseUrl: database.url }));
  [user, owner] = [await makeSigner(), await makeSigner()];
  node = await troop.serve(owner);
  await troop.call(user, "POST", "/users", {});
});
afterAll(() => services.disposeAsync());

const anchor = createSecretTree(new Uint8Array(32)).anchor;
const wish = (fields: object = {}) => ({
  id: systemRandom.uuid(),
  model: "a-model:1b",
  anchor,
  ...fields,
});

const expectCode = async (
  answer: Promise<{ status: number; body: { error: { code: string } } }>,
) => {
  const { status, body } = await answer;
  return [status, body.error.code];
};

test("nodes: enrolments of others, for others, and beyond the limit", async () => {
  const stranger = await makeSigner();
  const enrolment = await troop.statement(owner, "troop-enrolment+jwt", {
    node: node.id,
    owner: owner.id,
  });
  expect(await expectCode(troop.call(stranger, "POST", "/nodes", { enrolment }))).toEqual([
    403,
    "node_key_mismatch",
  ]);
  const forged = await troop.statement(stranger, "troop-enrolment+jwt", {
    node: stranger.id,
    owner: owner.id,
  });
  expect(await expectCode(troop.call(stranger, "POST", "/nodes", { enrolment: forged }))).toEqual([
    403,
    "invalid_enrolment",
  ]);
  const farmer = await makeSigner();
  const answers = [];
  for (let count = 0; count < 33; count += 1)
    answers.push((await troop.enrol(await makeSigner(), farmer)).status);
  expect(answers).toEqual([...Array.from({ length: 32 }, () => 200), 403]);
});

test("heartbeats: unknown nodes, old beats, old protocols, addresses that are not listed", async () => {
  const stranger = await makeSigner();
  expect(await expectCode(troop.call(stranger, "POST", "/heartbeat", beatOf()))).toEqual([
    404,
    "node_unknown",
  ]);
  const stale = await troop.call(node, "POST", "/heartbeat", beatOf({ counter: 0 }));
  expect([stale.status, stale.body.error.code]).toEqual([409, "stale_heartbeat"]);
  expect(stale.body.error.details).toMatchObject({ started: 1 });
});

test("authorize: unknown models, absent nodes, busy ones, too few credits, another body", async () => {
  const authorize = (fields: object) => troop.call(user, "POST", "/authorize", wish(fields));
  expect(await expectCode(authorize({ model: "nobody-has-it" }))).toEqual([404, "model_not_found"]);
  const away = await authorize({ node: user.id });
  expect([away.status, away.body.error.code]).toEqual([503, "no_nodes_available"]);
  expect(away.headers["retry-after"]).toBe("5");
  expect(await expectCode(authorize({ exclude: [node.id] }))).toEqual([503, "no_nodes_available"]);

  const busyOwner = await makeSigner();
  const busy = await troop.serve(busyOwner, {
    slots: { active: 2, total: 2 },
    status: "BUSY",
    snapshot: {
      ...beatOf().snapshot!,
      models: [{ name: "rare", capabilities: ["chat"], loaded: true }],
    },
  });
  expect(await expectCode(authorize({ model: "rare" }))).toEqual([503, "no_nodes_available"]);
  expect((await authorize({ model: "rare", node: busy.id })).status).toBe(200);

  const again = wish();
  expect((await troop.call(user, "POST", "/authorize", again)).status).toBe(200);
  const other = { ...again, max_budget: "1.000000" };
  expect(await expectCode(troop.call(user, "POST", "/authorize", other))).toEqual([
    422,
    "idempotency_mismatch",
  ]);
  let last = 200;
  for (let count = 0; count < 80 && last === 200; count += 1)
    last = (await authorize({ max_budget: "300.000000" })).status;
  expect(last).toBe(402);
  expect(await expectCode(authorize({}))).toEqual([402, "insufficient_credits"]);
  expect(await troop.coordinator.auditLedger()).toEqual([]);
});

test("the same authorization, many times at once, is one hold and equal tickets", async () => {
  const newcomer = await makeSigner();
  const same = wish();
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => troop.call(newcomer, "POST", "/authorize", same)),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(new Set(answers.map(({ body }) => body.ticket)).size).toBe(1);
  const { body } = await troop.call(newcomer, "GET", `/users/${newcomer.id}/balance`);
  expect(body).toMatchObject({ balance: "1000.000000", held: "15.000000" });
});

test("receipts: strangers, other audiences, old statements; one bad statement stops no other", async () => {
  const tree = createSecretTree(new Uint8Array(32));
  const newcomer = await makeSigner();
  const granted = await troop.call(
    newcomer,
    "POST",
    "/authorize",
    wish({ anchor: tree.anchor, node: node.id }),
  );
  const line = {
    ...tree.reveal(1),
    started: 1,
    ended: 2,
    billed_ms: 1_000,
    first_token_ms: null,
    prompt_tokens: 1,
    completion_tokens: 1,
    estimated: false,
    finish: "stop" as const,
    cost: "0.001000",
    ...someHashes,
  };
  const body = { hold: granted.body.hold, lines: [line] };
  const ours = await troop.statement(node, "troop-receipt+jwt", body);
  const elsewhere = await node.sign("troop-receipt+jwt", {
    ...body,
    aud: "https://else",
    iat: 1,
  });
  const old = await node.sign("troop-receipt+jwt", {
    ...body,
    aud: troop.coordinator.url,
    iat: Math.floor(troop.clock.now() / 1_000) - 9 * 86_400,
  });
  const strangers = await troop.statement(newcomer, "troop-receipt+jwt", body);
  const word = await troop.statement(newcomer, "troop-acknowledgement+jwt", {
    hold: granted.body.hold,
    lines: [
      {
        k: 1,
        verdict: "ok",
        line_hash: lineHash(line),
        billed_ms: 3_000,
        prompt_tokens: 9,
        completion_tokens: 9,
      },
    ],
  });
  const close = await troop.statement(node, "troop-close+jwt", { hold: body.hold, numbers: [1] });
  const { body: answer } = await troop.call(undefined, "POST", "/receipts", {
    statements: [elsewhere, old, strangers, word, ours, close],
  });
  expect(answer.outcomes).toMatchObject([
    { code: "invalid_signature" },
    { code: "clock_skew" },
    { code: "hold_not_found" },
    { code: "invalid_signature" },
    { status: "accepted", lines: [{ k: 1, outcome: "vesting", paid: "0.001000" }] },
    { status: "accepted", lines: [] },
  ]);
  const { body: balance } = await troop.call(newcomer, "GET", `/users/${newcomer.id}/balance`);
  expect(balance).toMatchObject({ held: "0.000000", balance: "999.999000" });
});

test("users: somebody else's account is 403, an unknown one 404, and reading creates nothing", async () => {
  const stranger = await makeSigner();
  for (const what of ["balance", "transactions"]) {
    const read = (who: Signer, whose: string) =>
      expectCode(troop.call(who, "GET", `/users/${whose}/${what}`));
    expect(await read(user, owner.id)).toEqual([403, "not_owner"]);
    expect(await read(stranger, stranger.id)).toEqual([404, "account_unknown"]);
    expect(await read(stranger, stranger.id)).toEqual([404, "account_unknown"]);
    expect(await read(user, "nobody")).toEqual([400, "invalid_value"]);
  }
  for (const limit of ["0", "-1", "1e9", "x"])
    expect(
      await expectCode(troop.call(user, "GET", `/users/${user.id}/transactions?limit=${limit}`)),
    ).toEqual([400, "invalid_value"]);
  const byKey = encodeURIComponent(JSON.stringify(user.jwk));
  const { body } = await troop.call(user, "GET", `/users/${byKey}/balance`);
  expect(body.account_id).toBe(user.id);
});

test("transactions: pages join without gap or overlap", async () => {
  const path = `/users/${user.id}/transactions`;
  const whole = (await troop.call(user, "GET", `${path}?limit=200`)).body.transactions;
  const paged: unknown[] = [];
  let cursor = "";
  do {
    const { body } = await troop.call(
      user,
      "GET",
      `${path}?limit=1${cursor && `&cursor=${cursor}`}`,
    );
    paged.push(...body.transactions);
    cursor = body.next_cursor ?? "";
  } while (cursor);
  expect(paged).toEqual(whole);
  expect(await expectCode(troop.call(user, "GET", `${path}?cursor=bogus`))).toEqual([
    400,
    "invalid_value",
  ]);
});
