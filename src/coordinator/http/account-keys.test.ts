/** One account on several machines: linking, revoking, and what a revoked key can still do, which is nothing. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { systemRandom } from "../../base/random.ts";
import { limits } from "../../protocol/limits.ts";
import { lineHash, type Line } from "../../protocol/receipt.ts";
import { someHashes } from "../../protocol/receipt.fixture.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import type { Signer } from "../../protocol/signature.ts";
import { makeSigner, openCoordinator, type TestCoordinator } from "../coordinator.fixture.ts";

const services = new AsyncDisposableStack();
let troop: TestCoordinator;
beforeAll(async () => {
  const database = services.use(await createDatabase());
  troop = services.use(await openCoordinator({ databaseUrl: database.url }));
});
afterAll(() => services.disposeAsync());

const join = async () => {
  const first = await makeSigner();
  await troop.call(first, "POST", "/users", {});
  return first;
};
const codeBy = (key: Signer, account: string) =>
  troop.statement(key, "troop-link+jwt", { account });
const link = async (by: Signer, account: string, code: string) =>
  troop.call(by, "POST", `/users/${account}/keys`, { code });
const revoke = (by: Signer, account: string, key: string) =>
  troop.call(by, "DELETE", `/users/${account}/keys/${key}`);
const balance = (by: Signer, account: string) => troop.call(by, "GET", `/users/${account}/balance`);
/** An account and a second key of it. */
const two = async (): Promise<[Signer, Signer]> => {
  const [first, second] = [await join(), await makeSigner()];
  await link(first, first.id, await codeBy(second, first.id));
  return [first, second];
};
const anchor = createSecretTree(new Uint8Array(32)).anchor;
const wish = () => ({ id: systemRandom.uuid(), model: "a-model:1b", anchor });
const refusal = ({ status, body }: { status: number; body: { error: { code: string } } }) => [
  status,
  body.error.code,
];

test("a linked key acts for the account, whose id stays that of its first key", async () => {
  const [first, second] = await two();
  expect((await balance(second, first.id)).body).toMatchObject({ account_id: first.id });
  const joined = await troop.call(second, "POST", "/users", {});
  expect(joined.body).toEqual({ account_id: first.id, created: false });
  const listed = (await troop.call(second, "GET", `/users/${first.id}/keys`)).body;
  expect(listed.account_id).toBe(first.id);
  expect(listed.keys.map(({ key }: { key: string }) => key)).toEqual([first.id, second.id]);
  // Its own thumbprint, or its key, names the account as well.
  for (const name of [second.id, encodeURIComponent(JSON.stringify(second.jwk))])
    expect((await balance(first, name)).body).toMatchObject({ account_id: first.id });
});

test("a linked key spends the account's credits, and enrols nodes that earn for it", async () => {
  const [first, second] = await two();
  const node = await troop.serve(await makeSigner());
  expect((await troop.call(second, "POST", "/authorize", wish())).status).toBe(200);
  expect((await balance(first, first.id)).body.balance).toBe("1000.000000");
  for (const owner of [first.id, second.id]) {
    const machine = await makeSigner();
    const enrolment = await troop.statement(second, "troop-enrolment+jwt", {
      node: machine.id,
      owner,
    });
    const enrolled = await troop.call(machine, "POST", "/nodes", { enrolment });
    expect(enrolled.body).toMatchObject({ owner: first.id });
  }
  expect(node.id).not.toBe(first.id);
});

test("acknowledgements signed by any live key of the account count; a revoked key's do not", async () => {
  const [first, second] = await two();
  const owner = await makeSigner();
  const node = await troop.serve(owner);
  const tree = createSecretTree(systemRandom.bytes(32));
  const ticket = await troop.call(first, "POST", "/authorize", {
    ...wish(),
    node: node.id,
    anchor: tree.anchor,
  });
  const { hold } = ticket.body;
  const lineOf = (k: number): Line => ({
    ...tree.reveal(k),
    ...{ started: troop.clock.now(), ended: troop.clock.now(), billed_ms: 1_000 },
    ...{ first_token_ms: 1, prompt_tokens: 1_000, completion_tokens: 1_000 },
    ...{ estimated: false, finish: "stop", cost: "0.010000", ...someHashes },
  });
  const acknowledge = async (by: Signer, k: number) => {
    const figures = { billed_ms: 9_999, prompt_tokens: 9_999, completion_tokens: 9_999 };
    const line = { k, verdict: "ok", line_hash: lineHash(lineOf(k)), ...figures };
    const statement = await troop.statement(by, "troop-acknowledgement+jwt", {
      hold,
      lines: [line],
    });
    const answer = await troop.call(undefined, "POST", "/acknowledgements", {
      statements: [statement],
    });
    return answer.body.outcomes[0];
  };
  const receipt = await troop.statement(node, "troop-receipt+jwt", {
    hold,
    lines: [lineOf(1), lineOf(2)],
  });
  await troop.call(undefined, "POST", "/receipts", { statements: [receipt] });
  expect((await acknowledge(second, 1)).lines[0]).toMatchObject({ outcome: "settled" });
  await revoke(first, first.id, second.id);
  expect(await acknowledge(second, 2)).toEqual({ status: "refused", code: "invalid_signature" });
  expect((await acknowledge(first, 2)).lines[0]).toMatchObject({ outcome: "settled" });
});

test("a revoked key is refused at once, everywhere, and for ever; the account goes on", async () => {
  const [first, second] = await two();
  await troop.serve(await makeSigner());
  expect((await balance(first, first.id)).status).toBe(200);
  // The first key, which names the account, is no exception.
  expect((await revoke(second, first.id, first.id)).status).toBe(200);
  const machine = await makeSigner();
  const attempts = [
    balance(first, first.id),
    troop.call(first, "GET", `/users/${first.id}/transactions`),
    troop.call(first, "GET", "/peers"),
    troop.call(first, "POST", "/users", {}),
    troop.call(first, "POST", "/authorize", wish()),
    troop.call(first, "POST", "/transfers", {
      id: systemRandom.uuid(),
      to: machine.id,
      amount: "1.000000",
    }),
    link(first, first.id, await codeBy(machine, first.id)),
    revoke(first, first.id, second.id),
    troop.enrol(machine, first),
  ];
  for (const attempt of attempts) expect(refusal(await attempt)).toEqual([401, "invalid_proof"]);
  expect((await balance(second, first.id)).body.account_id).toBe(first.id);
  const again = await link(second, first.id, await codeBy(first, first.id));
  expect(refusal(again)).toEqual([409, "key_in_use"]);
});

test("the same code, or the same revocation, again changes nothing", async () => {
  const [first, second] = [await join(), await makeSigner()];
  const code = await codeBy(second, first.id);
  const answer = await link(first, first.id, code);
  expect((await link(first, first.id, code)).body).toEqual(answer.body);
  const revoked = await revoke(first, first.id, second.id);
  troop.clock.advance(1_000);
  expect((await revoke(first, first.id, second.id)).body).toEqual(revoked.body);
});

test("the only live key cannot be revoked, and of two revoking each other one stays", async () => {
  const [first, second] = await two();
  const answers = await Promise.all([
    revoke(first, first.id, second.id),
    revoke(second, first.id, first.id),
  ]);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  const alone = await join();
  expect(refusal(await revoke(alone, alone.id, alone.id))).toEqual([409, "last_key"]);
  const stranger = await makeSigner();
  expect(refusal(await revoke(alone, alone.id, stranger.id))).toEqual([404, "key_unknown"]);
});

test("no key is linked without its own word, for this account, of late", async () => {
  const [victim, thief, other] = [await makeSigner(), await join(), await join()];
  const tries: [string, number, string][] = [
    [await codeBy(victim, other.id), 403, "invalid_link"],
    ["nonsense", 403, "invalid_link"],
    [
      await troop.statement(victim, "troop-enrolment+jwt", { account: thief.id }),
      403,
      "invalid_link",
    ],
    [await codeBy(other, thief.id), 409, "key_in_use"],
  ];
  for (const [code, status, name] of tries)
    expect(refusal(await link(thief, thief.id, code))).toEqual([status, name]);
  const old = await codeBy(victim, thief.id);
  troop.clock.advance(limits.linkCodeMs + 1_000);
  expect(refusal(await link(thief, thief.id, old))).toEqual([403, "invalid_link"]);
  expect((await troop.call(victim, "POST", "/users", {})).body.account_id).toBe(victim.id);
});

test("keys are shown and changed by their own account only, and are limited in number", async () => {
  const [account, stranger] = [await join(), await join()];
  expect(refusal(await troop.call(stranger, "GET", `/users/${account.id}/keys`))).toEqual([
    403,
    "not_owner",
  ]);
  const code = await codeBy(await makeSigner(), account.id);
  expect(refusal(await link(stranger, account.id, code))).toEqual([403, "not_owner"]);
  expect(refusal(await revoke(stranger, account.id, account.id))).toEqual([403, "not_owner"]);
  const answers = [];
  for (let count = 1; count <= limits.liveKeysPerAccount; count += 1)
    answers.push(await link(account, account.id, await codeBy(await makeSigner(), account.id)));
  expect(answers.map(({ status }) => status).indexOf(403)).toBe(limits.liveKeysPerAccount - 1);
  expect(refusal(answers.at(-1)!)).toEqual([403, "key_limit"]);
});
