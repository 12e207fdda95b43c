/**
 * HPKE (RFC 9180), base mode, reduced to what sealed streams need: a shared secret between whoever knows a public
 * key and whoever holds its private key, and keys exported from it. KEM: DHKEM(X25519, HKDF-SHA256), KDF: HKDF-SHA256.
 * Nothing is encrypted by HPKE's own context: each direction of each attempt gets an exported key.
 */
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  type KeyObject,
} from "node:crypto";
import { assert } from "../base/error.ts";
import type { Random } from "../base/random.ts";
import { fromBase64url, toBase64url } from "./bytes.ts";

/** AEADs of the RFC's registry; the id enters the key schedule. */
export const hpkeSuites = { "aes-256-gcm": 2, "chacha20-poly1305": 3 } as const;
export type HpkeSuite = keyof typeof hpkeSuites;

const kemId = 0x0020;
const kdfId = 0x0001;
const hashBytes = 32;
export const publicKeyBytes = 32;
const privateKeyBytes = 32;

const text = (value: string) => Buffer.from(value, "ascii");
const u16 = (value: number) => Uint8Array.of(value >> 8, value & 0xff);
const none = new Uint8Array(0);
const version = text("HPKE-v1");

// As a KeyObject: Node makes one of bare bytes on every call, at five times the cost of the hash.
const hmac = (key: Uint8Array | KeyObject, data: Uint8Array): Uint8Array =>
  createHmac("sha256", key instanceof Uint8Array ? createSecretKey(key) : key)
    .update(data)
    .digest();

/** HKDF-Extract and -Expand with the RFC's labels (§4). */
function labeledExtract(suiteId: Uint8Array, salt: Uint8Array, label: string, input: Uint8Array) {
  return hmac(salt, Buffer.concat([version, suiteId, text(label), input]));
}

function labeledExpand(
  suiteId: Uint8Array,
  secret: Uint8Array | KeyObject,
  label: string,
  info: Uint8Array,
  length: number,
): Uint8Array {
  assert(length <= 255 * hashBytes, "HKDF-Expand gives at most 255 blocks");
  const labeled = [u16(length), version, suiteId, text(label), info];
  let block = hmac(secret, Buffer.concat([...labeled, Uint8Array.of(1)]));
  // Nearly always one block is enough.
  if (length <= hashBytes) return block.subarray(0, length);
  const blocks = [block];
  for (let count = 2; blocks.length * hashBytes < length; count += 1) {
    block = hmac(secret, Buffer.concat([block, ...labeled, Uint8Array.of(count)]));
    blocks.push(block);
  }
  return Buffer.concat(blocks).subarray(0, length);
}

const kemSuite = Buffer.concat([text("KEM"), u16(kemId)]);

/** RFC §4.1: the Diffie-Hellman result bound to both public keys. */
function sharedSecretOf(dh: Uint8Array, enc: Uint8Array, recipient: Uint8Array): Uint8Array {
  const extracted = labeledExtract(kemSuite, none, "eae_prk", dh);
  const context = Buffer.concat([enc, recipient]);
  return labeledExpand(kemSuite, extracted, "shared_secret", context, hashBytes);
}

/** RFC §5.1, mode_base: no PSK. Only the exporter secret is kept. */
function exporterSecretOf(suite: HpkeSuite, shared: Uint8Array, info: Uint8Array) {
  const suiteId = Buffer.concat([text("HPKE"), u16(kemId), u16(kdfId), u16(hpkeSuites[suite])]);
  const modeBase = Uint8Array.of(0);
  const context = Buffer.concat([
    modeBase,
    labeledExtract(suiteId, none, "psk_id_hash", none),
    labeledExtract(suiteId, none, "info_hash", info),
  ]);
  const secret = labeledExtract(suiteId, shared, "secret", none);
  return { suiteId, secret: labeledExpand(suiteId, secret, "exp", context, hashBytes) };
}

export interface HpkeExporter {
  /** RFC §5.3. @param length bytes */
  export(context: Uint8Array, length: number): Uint8Array;
}

function exporterOf(suite: HpkeSuite, shared: Uint8Array, info: Uint8Array): HpkeExporter {
  const { suiteId, secret: bytes } = exporterSecretOf(suite, shared, info);
  const secret = createSecretKey(bytes);
  return { export: (context, length) => labeledExpand(suiteId, secret, "sec", context, length) };
}

export interface HpkeKeyPair {
  /** 32 bytes, base64url. */
  publicKey: string;
  privateKey: KeyObject;
}

/** PKCS #8 (RFC 8410 §7) before the 32 bytes of an X25519 key. */
const privateKeyPrefix = Buffer.from("302e020100300506032b656e04220420", "hex");

/** Any 32 random bytes are an X25519 private key (RFC 7748 §5). */
export function generateHpkeKeyPair(random: Random): HpkeKeyPair {
  const key = Buffer.concat([privateKeyPrefix, random.bytes(privateKeyBytes)]);
  const privateKey = createPrivateKey({ key, format: "der", type: "pkcs8" });
  return { privateKey, publicKey: publicKeyOf(privateKey) };
}

/** As JWK: OpenSSL reads that in a microsecond, DER in twenty-seven. */
export const importHpkePrivateKey = (x: string, d: string): KeyObject =>
  createPrivateKey({ key: { kty: "OKP", crv: "X25519", x, d }, format: "jwk" });

function publicKeyOf(privateKey: KeyObject): string {
  const { x } = createPublicKey(privateKey).export({ format: "jwk" });
  assert(x, "an X25519 key has an x");
  return x;
}

const importPublicKey = (bytes: Uint8Array): KeyObject =>
  createPublicKey({
    key: { kty: "OKP", crv: "X25519", x: toBase64url(bytes) },
    format: "jwk",
  });

export interface HpkeSender extends HpkeExporter {
  /** The ephemeral public key that the recipient needs, base64url. */
  enc: string;
}

/**
 * Encapsulates to a recipient. Throws where `recipient` is no X25519 public key or of low order (RFC §7.1.4; the
 * Diffie-Hellman of OpenSSL refuses an all-zero result).
 * @param ephemeral made for this call; one used twice would repeat the shared secret
 */
export function hpkeSend(
  suite: HpkeSuite,
  recipient: string,
  info: Uint8Array,
  ephemeral: HpkeKeyPair,
): HpkeSender {
  const recipientBytes = readPublicKey(recipient);
  const { publicKey: enc, privateKey } = ephemeral;
  const dh = diffieHellman({ privateKey, publicKey: importPublicKey(recipientBytes) });
  const shared = sharedSecretOf(dh, readPublicKey(enc), recipientBytes);
  return { enc, ...exporterOf(suite, shared, info) };
}

/** Decapsulates what a sender sent. Throws as `hpkeSend` does. */
export function hpkeReceive(
  suite: HpkeSuite,
  { privateKey, publicKey }: HpkeKeyPair,
  enc: string,
  info: Uint8Array,
): HpkeExporter {
  const encBytes = readPublicKey(enc);
  const dh = diffieHellman({ privateKey, publicKey: importPublicKey(encBytes) });
  return exporterOf(suite, sharedSecretOf(dh, encBytes, readPublicKey(publicKey)), info);
}

function readPublicKey(key: string): Uint8Array {
  const bytes = fromBase64url(key);
  if (bytes?.length !== publicKeyBytes) throw new RangeError("an X25519 key has 32 bytes");
  return bytes;
}
