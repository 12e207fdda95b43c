/** Gifts, disputes and histories by the commands that people type. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { join } from "node:path";
import { createDatabase } from "../../test/support/services.ts";
import { systemRandom } from "../base/random.ts";
import {
  makeSigner,
  openCoordinator,
  type TestCoordinator,
} from "../coordinator/coordinator.fixture.ts";
import { loadSigner } from "../host/key-file.ts";
import { lineHash, type Line } from "../protocol/receipt.ts";
import { someHashes } from "../protocol/receipt.fixture.ts";
import { createSecretTree } from "../protocol/secrets.ts";
import type { Signer } from "../protocol/signature.ts";
import { createMachine, type Machine } from "./command-line.fixture.ts";

const services = new AsyncDisposableStack();
let troop: TestCoordinator;
let machine: Machine;
let me: Signer;
let friend: Signer;
beforeAll(async () => {
  const database = services.use(await createDatabase());
  troop = services.use(await openCoordinator({ databaseUrl: database.url }));
  machine = services.use(createMachine(troop.coordinator.url));
  me = await loadSigner(join(machine.folder, "account.key.json"), systemRandom);
  friend = await makeSigner();
  await troop.call(friend, "POST", "/users", {});
  const node = await troop.serve(me);
  for (let count = 0; count < 10; count += 1) await buy(await makeSigner(), node);
});
afterAll(() => services.disposeAsync());

/** A request that costs a hundredth, which its requester agrees to unless told otherwise. */
async function buy(user: Signer, node: Signer, isAcknowledged = true): Promise<string> {
  const tree = createSecretTree(systemRandom.bytes(32));
  const wish = { id: systemRandom.uuid(), model: "a-model:1b", node: node.id, anchor: tree.anchor };
  const { hold } = (await troop.call(user, "POST", "/authorize", wish)).body;
  const line: Line = {
    ...tree.reveal(1),
    ...{ started: 1, ended: 2, billed_ms: 10_000, first_token_ms: null, prompt_tokens: 90_000 },
    ...{ completion_tokens: 90_000, estimated: false, finish: "stop", cost: "0.010000" },
    ...someHashes,
  };
  const receipt = await troop.statement(node, "troop-receipt+jwt", { hold, lines: [line] });
  await troop.call(undefined, "POST", "/receipts", { statements: [receipt] });
  if (isAcknowledged) {
    const figures = { billed_ms: 10_000, prompt_tokens: 90_000, completion_tokens: 90_000 };
    const word = { k: 1, verdict: "ok", line_hash: lineHash(line), ...figures };
    const said = await troop.statement(user, "troop-acknowledgement+jwt", { hold, lines: [word] });
    await troop.call(undefined, "POST", "/acknowledgements", { statements: [said] });
  }
  return `${hold}.1`;
}
const posted = async (account: Signer) =>
  (await troop.call(account, "GET", `/users/${account.id}/balance`)).body.balance;

test("a gift is previewed, asked for, and given once", async () => {
  const refused = await machine.troop("gift", friend.id, "0.01");
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("--yes");
  expect(refused.stderr).toContain("Give 0.010000 credits");
  expect((await machine.troopAsked("n", "gift", friend.id, "0.01")).code).toBe(0);
  expect(await posted(friend)).toBe("0.000000");
  const given = await machine.troopAsked("y", "gift", friend.id, "0.01", "--memo", "hi", "--json");
  expect(given.json).toMatchObject({ from: me.id, to: friend.id, amount: "0.010000", memo: "hi" });
  expect(await posted(friend)).toBe("0.010000");
  const again = ["gift", friend.id, "0.01", "--memo", "hi", "--id", given.json.id, "--yes"];
  expect((await machine.troop(...again)).code).toBe(0);
  expect(await posted(friend)).toBe("0.010000");
});

test.each([
  ["an amount that is none", ["gift", "RECEIVER", "lots", "--yes"], 2],
  ["a receiver that is none", ["gift", "somebody", "1", "--yes"], 2],
  ["more than there is", ["gift", "RECEIVER", "1000000", "--yes"], 4],
  ["oneself", ["gift", "MYSELF", "0.01", "--yes"], 1],
])("a gift to or of %s is refused", async (_what, words, code) => {
  const names: Record<string, string> = { RECEIVER: friend.id, MYSELF: me.id };
  expect((await machine.troop(...words.map((word) => names[word] ?? word))).code).toBe(code);
});

test("a receiver whom nobody knows is named, and where to read the right id", async () => {
  const nobody = "A".repeat(43);
  const { json } = await machine.troop("gift", nobody, "0.01", "--yes", "--json");
  expect(json.error).toMatchObject({
    ...{ code: "account_unknown", cause: `The coordinator knows no account ${nobody}.` },
    run: expect.stringContaining("on the receiver's machine") as string,
  });
});

test("the history is shown by kind, and as CSV for a spreadsheet", async () => {
  const gifts = await machine.troop("transactions", "--kind", "gift", "--json");
  expect(gifts.json.transactions).toHaveLength(1);
  const { stdout } = await machine.troop("transactions", "--csv");
  const lines = stdout.split("\r\n").filter(Boolean);
  expect(lines[0]).toMatch(/^id,created_at,/);
  expect(lines).toHaveLength(1 + 1 + 10);
  expect((await machine.troop("transactions", "--csv", "--json")).code).toBe(2);
  expect((await machine.troop("transactions", "--kind", "bribe")).code).toBe(2);
});

test("a dispute marks a request that was paid, and decides one that nobody has spoken of", async () => {
  const node = await troop.serve(await makeSigner());
  const settled = await buy(me, node);
  const marked = await machine.troop("dispute", settled, "--yes", "--json");
  expect(marked.json).toMatchObject({ request: settled, verdict: "refused", outcome: "replayed" });
  const vesting = await buy(me, node, false);
  const before = await posted(me);
  const decided = ["dispute", vesting, "--reason", "not-received", "--yes", "--json"];
  expect((await machine.troop(...decided)).json).toMatchObject({ outcome: "unpaid" });
  expect(await posted(me)).not.toBe(before);
  const { json } = await machine.troop("transactions", "--kind", "request", "--json");
  const stated = (id: string) =>
    json.transactions.find((entry: { id: string }) => entry.id === id).metadata;
  expect(stated(settled)).toMatchObject({ verdict: "ok", disputed: "refused" });
  expect(stated(vesting)).toMatchObject({ verdict: "not_received", disputed: null });
  expect((await machine.troop("dispute", `${settled}9`, "--yes")).code).toBe(2);
  expect((await machine.troop("dispute", settled)).code).toBe(2);
});
