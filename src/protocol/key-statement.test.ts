/** Which key a client seals to: what a coordinator or relay could pass on instead is refused, one code for each. */
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from "jose";
import { expect, test } from "vitest";
import { systemRandom } from "../base/random.ts";
import { toBase64url } from "./bytes.ts";
import { generateHpkeKeyPair } from "./hpke.ts";
import {
  checkKeyStatement,
  createKeyStatement,
  hpkeKeyId,
  type KeyExpectation,
  type KeyStatementParts,
  supersedes,
} from "./key-statement.ts";
import { newKeyLife } from "./key-statement-rotation.ts";
import { limits } from "./limits.ts";
import { createSigner, type PublicJwk, type SignedType, verifier } from "./signature.ts";
import { createStatement } from "./statement.ts";

const now = 1_800_000_000_000;
const audience = "https://troop.example";
const week = limits.sealingKeyLifeMs;

const newSigner = async (algorithm: "Ed25519" | "RS256" = "Ed25519", modulusLength = 4_096) => {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true, modulusLength });
  return createSigner((await exportJWK(privateKey)) as PublicJwk & { d: string });
};
const [node, otherNode, owner, thief] = await Promise.all([1, 2, 3, 4].map(() => newSigner()));
if (!node || !otherNode || !owner || !thief) throw new Error("four signers");

const { publicKey } = generateHpkeKeyPair(systemRandom);
const kid = hpkeKeyId(publicKey);
const boot = toBase64url(systemRandom.bytes(limits.bootBytes));
const key = { publicKey, kid, boot, ...newKeyLife(now) };

const enrol = (signer = owner, body: object = { node: node.id, owner: signer.id }, to = audience) =>
  createStatement(signer, "troop-enrolment+jwt", to, now, body);
const enrolment = await enrol();
const good: KeyStatementParts = { node, audience, now, key, enrolment };
const expected: KeyExpectation = { audience, node: node.id, now };

test("a statement gives the key, and who vouches for the node", async () => {
  const checked = await checkKeyStatement(verifier, await createKeyStatement(good), expected);
  expect(checked).toEqual({ ...key, node: node.id, owner: owner.id });
});

test("the largest keys that are accepted fit into a statement", async () => {
  const large = await newSigner("RS256");
  const jws = await createKeyStatement({
    ...good,
    node: large,
    enrolment: await enrol(large, { node: large.id, owner: large.id }),
  });
  const { owner: found } = await checkKeyStatement(verifier, jws, {
    ...{ ...expected, node: large.id },
  });
  expect(found).toBe(large.id);
});

const statedWith = (change: Partial<KeyStatementParts>) =>
  createKeyStatement({ ...good, ...change });
const statedKey = (change: Partial<KeyStatementParts["key"]>) =>
  statedWith({ key: { ...key, ...change } });
const signed = (type: SignedType, change: object) =>
  createStatement(node, type, audience, now, {
    ...{ hpke_public: publicKey, kid, boot, nbf: key.from / 1_000, exp: key.until / 1_000 },
    ...{ enrolment, ...change },
  });
const other = generateHpkeKeyPair(systemRandom).publicKey;

const refused: [string, () => Promise<string>, Partial<KeyExpectation>, string][] = [
  ["is no statement", async () => "x", {}, "key_statement_invalid"],
  ["is too long", async () => "x".repeat(100_000), {}, "key_statement_invalid"],
  ["is of another type", () => signed("troop-receipt+jwt", {}), {}, "key_statement_invalid"],
  ["says more than is known", () => signed("troop-key+jwt", { x: 1 }), {}, "key_statement_invalid"],
  ["has its key swapped", () => statedKey({ publicKey: other }), {}, "key_statement_invalid"],
  ["has a key too short", () => statedKey({ publicKey: "AAAA" }), {}, "key_statement_invalid"],
  ["has a boot too short", () => statedKey({ boot: "AAAA" }), {}, "key_statement_invalid"],
  [
    "is for another coordinator",
    () => statedWith({ audience: "https://x" }),
    {},
    "key_statement_invalid",
  ],
  [
    "lives too long",
    () => statedKey({ until: key.from + week + 1_000 }),
    {},
    "key_statement_invalid",
  ],
  ["ends before it begins", () => statedKey({ until: key.from }), {}, "key_statement_invalid"],
  ["is another node's", () => statedWith({ node: otherNode }), {}, "wrong_node"],
  ["has ended", () => statedWith({}), { now: key.until }, "key_statement_expired"],
  ["is yet to begin", () => statedWith({}), { now: key.from - 31_000 }, "key_statement_expired"],
  ["has no enrolment", () => statedWith({ enrolment: "x" }), {}, "invalid_enrolment"],
  [
    "has another node's enrolment",
    async () =>
      statedWith({ enrolment: await enrol(owner, { node: otherNode.id, owner: owner.id }) }),
    {},
    "invalid_enrolment",
  ],
  [
    "has an enrolment by somebody else in the owner's name",
    async () => statedWith({ enrolment: await enrol(thief, { node: node.id, owner: owner.id }) }),
    {},
    "invalid_enrolment",
  ],
  [
    "has an enrolment for another coordinator",
    async () => statedWith({ enrolment: await enrol(owner, undefined, "https://x") }),
    {},
    "invalid_enrolment",
  ],
];
test.each(refused)("a statement that %s is refused", async (_case, make, change, code) => {
  const jws = await make();
  await expect(checkKeyStatement(verifier, jws, { ...expected, ...change })).rejects.toMatchObject({
    code,
  });
});

test("a byte changed in a statement, wherever, makes it invalid", async () => {
  const jws = await createKeyStatement(good);
  for (let at = 3; at < jws.length - 1; at += 41) {
    const changed = jws.slice(0, at) + (jws[at] === "A" ? "B" : "A") + jws.slice(at + 1);
    await expect(checkKeyStatement(verifier, changed, expected)).rejects.toMatchObject({
      code: "key_statement_invalid",
    });
  }
});

test("any owner is told, and none refused", async () => {
  const jws = await statedWith({ enrolment: await enrol(thief) });
  expect((await checkKeyStatement(verifier, jws, expected)).owner).toBe(thief.id);
});

test("an older statement does not take a newer one's place, nor the same key its own", () => {
  const known = { kid: "a", from: 2_000 };
  expect(supersedes({ kid: "b", from: 3_000 }, known)).toBe(true);
  expect(supersedes({ kid: "b", from: 2_000 }, known)).toBe(true);
  expect(supersedes({ kid: "b", from: 1_000 }, known)).toBe(false);
  expect(supersedes({ kid: "a", from: 3_000 }, known)).toBe(false);
});

test("a key's name is its RFC 7638 thumbprint, as another implementation has it", async () => {
  const jwk = { kty: "OKP", crv: "X25519", x: publicKey };
  expect(kid).toBe(await calculateJwkThumbprint(jwk, "sha256"));
});
