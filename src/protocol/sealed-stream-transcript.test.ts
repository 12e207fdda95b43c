/** The recorded bytes come out again, and an implementation that shares no code with ours opens them, and is opened. */
import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import {
  type AeadInterface,
  Aes256Gcm,
  CipherSuite,
  DhkemX25519HkdfSha256,
  HkdfSha256,
} from "@hpke/core";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { hpkeSuites, importHpkePrivateKey } from "./hpke.ts";
import { openSealingSession } from "./sealed-stream-session.ts";
import { readSealedHeaders } from "./sealed-stream-header.ts";
import { type Transcript, transcriptOf } from "./sealed-stream-transcript.fixture.ts";
import { readAll, repeatableRandom } from "./sealed-stream.fixture.ts";

const path = new URL("../../test/vectors/sealed-stream.json", import.meta.url);
const { vectors } = JSON.parse(readFileSync(path, "utf8")) as { vectors: Transcript[] };

const raw = (text: string) => new Uint8Array(Buffer.from(text, "base64url"));
const ascii = (text: string) => new TextEncoder().encode(text);
const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
const digest = async (bytes: Uint8Array<ArrayBuffer>) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

const aeadOf = ({ suite }: Transcript): AeadInterface =>
  suite === "aes-256-gcm" ? new Aes256Gcm() : new Chacha20Poly1305();
const suiteOf = (vector: Transcript) =>
  new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: aeadOf(vector),
  });

async function infoOf({ inputs }: Transcript) {
  const ticket = await digest(ascii(inputs.ticket));
  return join(ascii("troop-sealed/1"), ticket, raw(inputs.node), raw(inputs.boot));
}

/** The exporter's contexts, from what the page says. */
const contextsOf = ({ inputs: { k, attempt, answer_salt: salt } }: Transcript) => ({
  request: join(ascii("troop-request/1"), Uint8Array.of(0, k), raw(attempt)),
  answer: join(ascii("troop-answer/1"), Uint8Array.of(0, k), raw(attempt), raw(salt)),
});

const nonceOf = (index: number) => Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, index);

/** AES by the platform's WebCrypto alone. */
async function decrypt(
  vector: Transcript,
  key: ArrayBuffer,
  iv: Uint8Array<ArrayBuffer>,
  data: Uint8Array<ArrayBuffer>,
  aad: Uint8Array<ArrayBuffer>,
) {
  if (vector.suite === "chacha20-poly1305") {
    const context = aeadOf(vector).createEncryptionContext(key);
    return new Uint8Array(await context.open(iv.buffer, data.buffer, aad.buffer));
  }
  const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  const algorithm = { name: "AES-GCM", iv, additionalData: aad };
  return new Uint8Array(await crypto.subtle.decrypt(algorithm, aes, data));
}

async function openFrames(vector: Transcript, key: ArrayBuffer, wire: Uint8Array<ArrayBuffer>) {
  const frames = [];
  for (let at = 0, index = 0; at < wire.length; index += 1) {
    const header = wire.slice(at, at + 4);
    const word = new DataView(header.buffer).getUint32(0);
    const length = word % 2 ** 31;
    const sealed = wire.slice(at + 4, at + 4 + length);
    const plain = await decrypt(vector, key, nonceOf(index), sealed, header);
    const used = new DataView(plain.buffer).getUint32(1);
    const text = new TextDecoder().decode(plain.subarray(5, 5 + used));
    expect(plain.subarray(5 + used).every((byte) => byte === 0)).toBe(true);
    frames.push({ type: plain[0], text, final: word >= 2 ** 31, size: plain.length });
    at += 4 + length;
  }
  return frames;
}

const framesOf = ({ frames }: Transcript["request"]) =>
  frames.map(({ type, text, final }) => ({ type, text, final }));
const wireOf = ({ frames }: Transcript["request"]) => join(...frames.map(({ wire }) => raw(wire)));

test("there is a vector for each suite", () => {
  expect(vectors.map(({ suite }) => suite).toSorted()).toEqual(Object.keys(hpkeSuites).toSorted());
});

describe.each(vectors.map((vector) => [vector.suite, vector] as const))("%s", (suite, vector) => {
  const { inputs } = vector;
  const [kid = "", suiteId, enc = ""] = vector.headers["troop-enc"]!.split(".");

  test("the recorded bytes come out again", () => {
    expect(transcriptOf(suite)).toEqual(vector);
  });

  test("another implementation opens both directions", async () => {
    expect(suiteId).toBe(String(hpkeSuites[suite]));
    const oracle = suiteOf(vector);
    const recipientKey = await oracle.kem.importKey("raw", raw(inputs.node_private).buffer, false);
    const info = (await infoOf(vector)).buffer;
    const context = await oracle.createRecipientContext({
      recipientKey,
      enc: raw(enc).buffer,
      info,
    });
    const contexts = contextsOf(vector);
    const requestKey = await context.export(contexts.request.buffer, 32);
    const request = await openFrames(vector, requestKey, wireOf(vector.request));
    expect(request).toMatchObject(framesOf(vector.request));
    expect(request.map(({ size }) => size)).toEqual([512, 512]);

    const wire = wireOf(vector.answer);
    expect(wire.slice(0, 32)).toEqual(raw(inputs.answer_salt));
    const answerKey = await context.export(contexts.answer.buffer, 32);
    const answer = await openFrames(vector, answerKey, wire.slice(32));
    expect(answer).toMatchObject(framesOf(vector.answer));
    expect(answer.map(({ size }) => size)).toEqual([512, 512, 1_024, 512]);
  });

  test("the hashes are those of the bytes on the wire, of an answer without its last frame", async () => {
    const before = { ...vector.answer, frames: vector.answer.frames.slice(0, -1) };
    expect(raw(vector.request.hash)).toEqual(await digest(wireOf(vector.request)));
    expect(raw(vector.answer.hash)).toEqual(await digest(wireOf(before)));
  });

  test("what another implementation seals opens here", async () => {
    const oracle = suiteOf(vector);
    const sender = await oracle.createSenderContext({
      recipientPublicKey: await oracle.kem.deserializePublicKey(raw(vector.node_public).buffer),
      info: (await infoOf(vector)).buffer,
    });
    const key = await sender.export(contextsOf(vector).request.buffer, 32);
    const plain = new Uint8Array(512);
    plain.set([1, 0, 0, 0, 2, ...ascii("{}")]);
    const header = Uint8Array.of(0x80, 0, 2, 16);
    const aead = aeadOf(vector).createEncryptionContext(key);
    const sealed = await aead.seal(nonceOf(0).buffer, plain.buffer, header.buffer);

    const headers = {
      ...vector.headers,
      "troop-enc": `${kid}.${suiteId}.${Buffer.from(sender.enc).toString("base64url")}`,
    };
    const { encapsulation, ...attempt } = readSealedHeaders(headers);
    const privateKey = importHpkePrivateKey(vector.node_public, inputs.node_private);
    const { request } = openSealingSession({
      ...{ ...inputs, encapsulation, random: repeatableRandom(""), attempts: new Set() },
      keys: new Map([[kid, { publicKey: vector.node_public, privateKey }]]),
    }).open(attempt);
    expect(readAll(request, [join(header, new Uint8Array(sealed))])).toEqual({
      frames: [{ type: "head", text: "{}", isFinal: true }],
      ending: "whole",
    });
  });
});
