/** HPKE against the RFC's own vector and against an independent implementation, both ways. */
import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { systemRandom } from "../base/random.ts";
import { toBase64url } from "./bytes.ts";
import {
  generateHpkeKeyPair,
  hpkeReceive,
  hpkeSend,
  type HpkeSuite,
  hpkeSuites,
  importHpkePrivateKey,
} from "./hpke.ts";

const hex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));
const url = (text: string) => toBase64url(hex(text));

const fresh = () => generateHpkeKeyPair(systemRandom);

/** RFC 9180, appendix A.2.1: base mode, ChaCha20-Poly1305. */
const vector = {
  info: "4f6465206f6e2061204772656369616e2055726e",
  ephemeralPrivate: "f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600",
  enc: "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
  recipientPrivate: "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
  recipientPublic: "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a",
  exported: [
    ["", "4bbd6243b8bb54cec311fac9df81841b6fd61f56538a775e7c80a9f40160606e"],
    ["00", "8c1df14732580e5501b00f82b10a1647b40713191b7c1240ac80e2b68808ba69"],
    ["54657374436f6e74657874", "5acb09211139c43b3090489a9da433e8a30ee7188ba8b0a9a1ccf0c229283e53"],
  ],
} as const;
const pairOf = (publicKey: string, privateKey: string) => ({
  publicKey: url(publicKey),
  privateKey: importHpkePrivateKey(url(publicKey), url(privateKey)),
});

test.each(vector.exported)(
  "the vector's export for context %j comes out on both sides",
  (context, value) => {
    const ephemeral = pairOf(vector.enc, vector.ephemeralPrivate);
    const recipient = pairOf(vector.recipientPublic, vector.recipientPrivate);
    const info = hex(vector.info);
    const sender = hpkeSend("chacha20-poly1305", recipient.publicKey, info, ephemeral);
    const receiver = hpkeReceive("chacha20-poly1305", recipient, sender.enc, info);
    expect(sender.enc).toBe(url(vector.enc));
    expect(Buffer.from(sender.export(hex(context), 32)).toString("hex")).toBe(value);
    expect(Buffer.from(receiver.export(hex(context), 32)).toString("hex")).toBe(value);
  },
);

describe.each(Object.keys(hpkeSuites) as HpkeSuite[])("with %s", (suite) => {
  const oracle = new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: suite === "aes-256-gcm" ? new Aes256Gcm() : new Chacha20Poly1305(),
  });
  const bytes = fc.uint8Array({ maxLength: 100 });

  test("what we send, another implementation receives, and the other way round", async () => {
    await fc.assert(
      fc.asyncProperty(
        bytes,
        bytes,
        fc.integer({ min: 1, max: 200 }),
        async (info, context, length) => {
          const theirs = await oracle.kem.generateKeyPair();
          const theirPublic = new Uint8Array(await oracle.kem.serializePublicKey(theirs.publicKey));
          const sender = hpkeSend(suite, toBase64url(theirPublic), info, fresh());
          const enc = new Uint8Array(Buffer.from(sender.enc, "base64url"));
          const recipient = await oracle.createRecipientContext({
            recipientKey: theirs,
            enc: enc.buffer,
            info: info.slice().buffer,
          });
          const expected = await recipient.export(context.slice().buffer, length);
          expect(new Uint8Array(sender.export(context, length))).toEqual(new Uint8Array(expected));

          const ours = fresh();
          const ourPublic = new Uint8Array(Buffer.from(ours.publicKey, "base64url"));
          const other = await oracle.createSenderContext({
            recipientPublicKey: await oracle.kem.deserializePublicKey(ourPublic.buffer),
            info: info.slice().buffer,
          });
          const receiver = hpkeReceive(suite, ours, toBase64url(new Uint8Array(other.enc)), info);
          expect(new Uint8Array(receiver.export(context, length))).toEqual(
            new Uint8Array(await other.export(context.slice().buffer, length)),
          );
        },
      ),
      { numRuns: 25 },
    );
  });

  test("another info, another suite or another context gives other keys", () => {
    const recipient = fresh();
    const info = hex("01");
    const sender = hpkeSend(suite, recipient.publicKey, info, fresh());
    const otherSuite = suite === "aes-256-gcm" ? "chacha20-poly1305" : "aes-256-gcm";
    const secret = sender.export(hex("aa"), 32);
    expect(hpkeReceive(suite, recipient, sender.enc, info).export(hex("aa"), 32)).toEqual(secret);
    for (const other of [
      hpkeReceive(suite, recipient, sender.enc, hex("02")).export(hex("aa"), 32),
      hpkeReceive(otherSuite, recipient, sender.enc, info).export(hex("aa"), 32),
      hpkeReceive(suite, recipient, sender.enc, info).export(hex("ab"), 32),
    ])
      expect(other).not.toEqual(secret);
  });
});

test.each([
  ["is too short", toBase64url(new Uint8Array(31))],
  ["is of low order", toBase64url(new Uint8Array(32))],
  ["is of low order too", url("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")],
])("a public key that %s is refused on both sides", (_case, key) => {
  const info = new Uint8Array(0);
  expect(() => hpkeSend("aes-256-gcm", key, info, fresh())).toThrow();
  expect(() => hpkeReceive("aes-256-gcm", fresh(), key, info)).toThrow();
});
