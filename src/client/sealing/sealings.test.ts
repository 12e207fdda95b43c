/** Whom a client seals to: what is refused, what replaces what, and what is left in memory of it. */
import { exportJWK, generateKeyPair } from "jose";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemRandom } from "../../base/random.ts";
import { type LocalDatabase, openLocalDatabase } from "../../host/local-database.ts";
import { makeSealingKey } from "../../protocol/key-statement.fixture.ts";
import { createKeyStatement, hpkeKeyId } from "../../protocol/key-statement.ts";
import { newKeyLife } from "../../protocol/key-statement-rotation.ts";
import { createSigner, type PublicJwk, type Signer, verifier } from "../../protocol/signature.ts";
import { createStatement } from "../../protocol/statement.ts";
import { createPinsStore, type PinsStore } from "./pins-store.ts";
import { createSealings, type SealingsParts } from "./sealings.ts";

const audience = "https://troop.example";
const start = 1_800_000_000_000;
const hour = 3_600_000;
const [node, otherNode, owner, thief] = (await Promise.all(
  [1, 2, 3, 4].map(async () => {
    const { privateKey } = await generateKeyPair("Ed25519", { extractable: true });
    return createSigner((await exportJWK(privateKey)) as PublicJwk & { d: string });
  }),
)) as [Signer, Signer, Signer, Signer];

let now = start;
let database: LocalDatabase;
let pins: PinsStore;
beforeEach(() => {
  now = start;
  database = openLocalDatabase("", ":memory:");
  pins = createPinsStore(database);
});
afterEach(() => database[Symbol.dispose]());

const open = (changes: Partial<SealingsParts> = {}) =>
  createSealings({
    ...{ verifier, pins, audience, now: () => now, random: systemRandom },
    ...{ policy: { onlyNodes: [], onlyOwners: [] }, ...changes },
  });
const stated = (at: number, who = node, by = owner, to = audience) =>
  makeSealingKey(who, by).statement(to, at);

test("a statement that stands all checks is sealed to, and its owner remembered", async () => {
  const { key, session } = await open().begin("ticket", node.id, await stated(now));
  expect(session.kid).toBe(key.kid);
  expect(pins.find(node.id)).toMatchObject({ owner: owner.id, since: now, key: { kid: key.kid } });
});

const lowOrder = Buffer.alloc(32).toString("base64url");
const unusable = async () => {
  const enrolment = await createStatement(owner, "troop-enrolment+jwt", audience, now, {
    ...{ node: node.id, owner: owner.id },
  });
  const key = { publicKey: lowOrder, kid: hpkeKeyId(lowOrder), boot: "A".repeat(22) };
  return createKeyStatement({
    node,
    audience,
    now,
    enrolment,
    key: { ...key, ...newKeyLife(now) },
  });
};

const refused: [
  name: string,
  statement: () => Promise<string> | undefined,
  code: string,
  parts?: Partial<SealingsParts>,
][] = [
  ["none", () => undefined, "key_statement_invalid"],
  ["no statement at all", () => Promise.resolve("a.b.c"), "key_statement_invalid"],
  [
    "one for another coordinator",
    () => stated(now, node, owner, "https://b.example"),
    "key_statement_invalid",
  ],
  ["one with a key that nothing can be sealed to", unusable, "key_statement_invalid"],
  ["another node's", () => stated(now, otherNode), "wrong_node"],
  ["one that has ended", () => stated(now - 8 * 24 * hour), "key_statement_expired"],
  ["one that has not begun", () => stated(now + hour), "key_statement_expired"],
  [
    "that of a node that is not allowed",
    () => stated(now),
    "node_not_allowed",
    { policy: { onlyNodes: [otherNode.id], onlyOwners: [thief.id] } },
  ],
];

test.each(refused)("%s is refused, and nothing is remembered", async (_name, make, code, parts) => {
  const begun = open(parts).begin("ticket", node.id, await make());
  await expect(begun).rejects.toMatchObject({ code });
  expect(pins.all()).toEqual([]);
});

test.each([
  ["the node", { onlyNodes: [node.id], onlyOwners: [] }],
  ["its owner", { onlyNodes: [otherNode.id], onlyOwners: [owner.id] }],
])("a node is allowed where %s is on a list", async (_what, policy) => {
  await expect(open({ policy }).begin("ticket", node.id, await stated(now))).resolves.toBeDefined();
});

test("another owner's word is refused with the command that accepts it, until it is typed", async () => {
  await open().begin("ticket", node.id, await stated(now));
  const theirs = await stated(now, node, thief);
  const refusal = await open()
    .begin("t", node.id, theirs)
    .catch((error: unknown) => error);
  const run = `troop nodes accept ${node.id} ${thief.id}`;
  expect(refusal).toMatchObject({
    ...{ code: "node_key_changed", message: expect.stringContaining(run) as string },
    details: { node: node.id, owner: thief.id, run },
  });
  const elsewhere = open({ home: "/a folder" }).begin("t", node.id, theirs);
  await expect(elsewhere).rejects.toThrow(`troop nodes --data '/a folder' accept ${node.id}`);
  expect(pins.find(node.id)).toMatchObject({ owner: owner.id });

  pins.accept(node.id, thief.id, now);
  await expect(open().begin("t", node.id, theirs)).resolves.toBeDefined();
});

test("an older statement, however genuine, is refused once a newer was seen", async () => {
  const [older, newer] = [await stated(now - hour), await stated(now)];
  await open().begin("ticket", node.id, newer);
  const again = open().begin("ticket", node.id, older);
  await expect(again).rejects.toMatchObject({ code: "key_statement_expired" });
  await expect(open().begin("ticket", node.id, newer)).resolves.toBeDefined();
});

test("a ticket is sealed anew to a newer key, and to that one only", async () => {
  const sealings = open();
  const first = await stated(now);
  const former = await sealings.begin("ticket", node.id, first);
  now += hour;
  const renewed = await sealings.renew("ticket", former, await stated(now));
  expect(renewed.key.kid).not.toBe(former.key.kid);
  const same = sealings.renew("ticket", former, first);
  await expect(same).rejects.toMatchObject({ code: "key_statement_expired" });
  const other = sealings.renew("ticket", renewed, await stated(now, otherNode));
  await expect(other).rejects.toMatchObject({ code: "wrong_node" });
});

test("the key that it was sealed to is no other one", async () => {
  const statement = await stated(now);
  const former = await open().begin("ticket", node.id, statement);
  const same = open().renew("ticket", former, statement);
  await expect(same).rejects.toMatchObject({ code: "key_statement_invalid" });
});

test("renewals of one ticket at the same time all find the newest key remembered", async () => {
  const sealings = open();
  const former = await sealings.begin("ticket", node.id, await stated(now - hour));
  const newest = await stated(now);
  const renewed = await Promise.all([1, 2, 3].map(() => sealings.renew("t", former, newest)));
  expect(new Set(renewed.map(({ key }) => key.kid)).size).toBe(1);
  expect(pins.find(node.id)).toMatchObject({ key: { kid: renewed[0]!.key.kid } });
});

test("of two that are checked at the same time, an older one cannot undo the newer", async () => {
  const [older, newer] = [await stated(now - hour), await stated(now)];
  const unremembered: PinsStore = { ...pins, remember: () => true };
  const { key: newest } = await open({ pins: unremembered }).begin("a", node.id, newer);
  const meanwhile: PinsStore = {
    ...pins,
    remember(key, at) {
      pins.remember(newest, at);
      return pins.remember(key, at);
    },
  };
  const begun = open({ pins: meanwhile }).begin("b", node.id, older);
  await expect(begun).rejects.toMatchObject({ code: "key_statement_expired" });
  expect(pins.find(node.id)).toMatchObject({ key: { kid: newest.kid } });
});

test("whom a person accepts while a statement is being checked is heeded", async () => {
  const meanwhile: PinsStore = {
    ...pins,
    remember(key, at) {
      pins.accept(node.id, thief.id, at);
      return pins.remember(key, at);
    },
  };
  const begun = open({ pins: meanwhile }).begin("ticket", node.id, await stated(now));
  await expect(begun).rejects.toMatchObject({ code: "node_key_changed" });
});

test("of two owners who vouch at the same time, one is believed and the other refused", async () => {
  const sealings = open();
  const both = await Promise.allSettled([
    sealings.begin("a", node.id, await stated(now)),
    sealings.begin("b", node.id, await stated(now, node, thief)),
  ]);
  const failures = both.filter(({ status }) => status === "rejected");
  expect(failures).toMatchObject([{ reason: { code: "node_key_changed" } }]);
});
