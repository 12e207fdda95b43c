/** What is no signature, and what two readers could take for one in two ways. */
import { CompactSign, exportJWK, generateKeyPair } from "jose";
import { expect, test } from "vitest";
import { boundedMap } from "../base/bounded-map.ts";
import { createVerifier, verifier } from "./signature.ts";

const type = "troop-close+jwt";
const { privateKey, publicKey } = await generateKeyPair("Ed25519");
const { x = "" } = await exportJWK(publicKey);
const jwk = { kty: "OKP", crv: "Ed25519", x };
/** The same 32 bytes: two bits of the last character are nobody's. */
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const respelt = x.slice(0, -1) + alphabet[alphabet.indexOf(x.at(-1)!) + 1]!;

/** By the library, not by our own signer. */
const signed = (header: object = {}, payload: Uint8Array | string = '{"a":1}', crit = {}) =>
  new CompactSign(Buffer.from(payload))
    .setProtectedHeader({ typ: type, alg: "Ed25519", jwk, ...header })
    .sign(privateKey, { crit });
/** Its signature has a character that is another one in plain base64. */
const good = (
  await Promise.all(Array.from({ length: 9 }, (_, a) => signed({}, `{"a":${a}}`)))
).find((text) => /[-_][^.]*$/.test(text))!;
const [head = "", body = "", signature = ""] = good.split(".");
const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
const hex = (text: string) => Buffer.from(text, "hex");

/** The order of the group (RFC 8032, section 5.1): S and S plus it satisfy the same equation. */
const order = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;
function withAnotherS(bytes: Uint8Array): Uint8Array {
  const s = BigInt(`0x${Buffer.from(bytes.slice(32)).reverse().toString("hex")}`);
  const added = hex((s + order).toString(16).padStart(64, "0")).reverse();
  return Buffer.concat([bytes.slice(0, 32), added]);
}

const read = (jws: string) => verifier.verify(jws, type, "invalid_signature");

test.each(["Ed25519", "EdDSA"])(
  "a text signed with %s, under either name, is read",
  async (alg) => {
    const text = await signed({ alg });
    expect(await read(text)).toMatchObject({ jwk, payload: { a: 1 } });
    // Again with the key that is kept.
    expect(await read(text)).toMatchObject({ id: (await read(good)).id, jwk, payload: { a: 1 } });
  },
);

const bytes = Buffer.from(signature, "base64url");
const changed = (at: number) => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
test.each([
  ["no signature", `${head}.${body}.`],
  ["a bit changed in R", `${head}.${body}.${base64url(changed(0))}`],
  ["a bit changed in S", `${head}.${body}.${base64url(changed(32))}`],
  ["S beyond the group's order", `${head}.${body}.${base64url(withAnotherS(bytes))}`],
  ["a byte too few", `${head}.${body}.${base64url(bytes.subarray(0, 63))}`],
  ["a byte too many", `${head}.${body}.${base64url(Buffer.concat([bytes, hex("00")]))}`],
  ["another body", `${head}.${base64url(Buffer.from("{}"))}.${signature}`],
  ["two parts", `${head}.${body}`],
  ["four parts", `${good}.${signature}`],
  ["padding", `${good}==`],
  [
    "stray bits behind its last byte",
    good.replace(/[AQgw]$/, (last) => ({ A: "B", Q: "R", g: "h", w: "x" })[last]!),
  ],
  ["a line break", `${head}.${body}.${signature.slice(0, 8)}\n${signature.slice(8)}`],
  [
    "the other base64 alphabet",
    `${head}.${body}.${signature.replaceAll("-", "+").replaceAll("_", "/")}`,
  ],
  [
    "an extension it depends on",
    await signed({ crit: ["b64"], b64: true }, undefined, { b64: true }),
  ],
  ["a body that is no UTF-8", await signed({}, hex("22ff22"))],
  ["a body that is no JSON", await signed({}, "{")],
  ["the algorithm of another key", await signed({ jwk: { kty: "RSA", n: "AQ", e: "AQAB" } })],
  [
    "a key in another spelling, which would be another's id",
    await signed({ jwk: { ...jwk, x: respelt } }),
  ],
  ["a key with more than is public", await signed({ jwk: { ...jwk, d: x } })],
])("a text with %s is refused", async (_case, jws) => {
  await expect(read(jws)).rejects.toMatchObject({ code: "invalid_signature" });
  await expect(read(good)).resolves.toBeTruthy();
});

/** Points of small order: with such a key, signatures that nobody made fit many texts. */
const smallOrder = [
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0000000000000000000000000000000000000000000000000000000000000080",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
].map(hex);
test("keys of small order sign nothing, whatever the body", async () => {
  const texts = smallOrder.flatMap((point) => {
    const header = { typ: type, alg: "Ed25519", jwk: { ...jwk, x: base64url(point) } };
    return smallOrder.flatMap((r) =>
      Array.from({ length: 8 }, (_, number) => {
        const parts = [JSON.stringify(header), JSON.stringify({ number })].map((part) =>
          base64url(Buffer.from(part)),
        );
        return [...parts, base64url(Buffer.concat([r, Buffer.alloc(32)]))].join(".");
      }),
    );
  });
  const outcomes = await Promise.allSettled(texts.map(read));
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toEqual([]);
});

test("a key is kept once it has signed something: keys that nobody has crowd out none that somebody has", async () => {
  const kept: Parameters<typeof createVerifier>[0] = boundedMap(1);
  const keeping = createVerifier(kept);
  const { id } = await keeping.verify(good, type, "invalid_signature");
  const other = { ...jwk, ...(await exportJWK((await generateKeyPair("Ed25519")).publicKey)) };
  const forged = await signed({ jwk: other });
  await expect(keeping.verify(forged, type, "invalid_signature")).rejects.toThrow(
    "does not verify",
  );
  expect([...kept.entries()].map(([owner]) => owner)).toEqual([id]);
});
