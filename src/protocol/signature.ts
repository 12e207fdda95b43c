/**
 * Signing and checking of signed things (JWS, RFC 7515, compact form) whose key travels in their header.
 * Each kind has a `typ` of its own, checked before anything else: nothing signed for one purpose serves another.
 */
import { CompactSign, importJWK } from "jose";
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { z } from "zod";
import { boundedMap } from "../base/bounded-map.ts";
import { digestOf, fromBase64url } from "./bytes.ts";
import { type ErrorCode, TroopError } from "./error-codes.ts";
import { limits } from "./limits.ts";

export type SignedType =
  | "dpop+jwt"
  | "troop-receipt+jwt"
  | "troop-acknowledgement+jwt"
  | "troop-close+jwt"
  | "troop-key+jwt"
  | "troop-enrolment+jwt"
  | "troop-link+jwt";

const base64urlText = z.string().regex(/^[A-Za-z0-9_-]+$/);
const ed25519Jwk = z.strictObject({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: base64urlText.length(43),
});
const rsaJwk = z.strictObject({
  kty: z.literal("RSA"),
  n: base64urlText
    .max(1_024)
    .refine(
      isModulusInBounds,
      `an RSA modulus of ${limits.rsaKeyBits.least} to ${limits.rsaKeyBits.most} bits`,
    ),
  // Only the usual exponent: small ones are attackable, huge ones make checking slow.
  e: z.literal("AQAB"),
});
export const publicJwk = z.discriminatedUnion("kty", [ed25519Jwk, rsaJwk]);
export type PublicJwk = z.infer<typeof publicJwk>;

function isModulusInBounds(n: string): boolean {
  const bytes = fromBase64url(n);
  if (!bytes || bytes.length === 0 || bytes[0] === 0) return false;
  const bits = bytes.length * 8 - Math.clz32(bytes[0]!) + 24;
  return bits >= limits.rsaKeyBits.least && bits <= limits.rsaKeyBits.most;
}

/** RFC 7638: SHA-256 over the required members in lexical order. */
export function thumbprintOf(jwk: PublicJwk): string {
  const members =
    jwk.kty === "OKP"
      ? { crv: jwk.crv, kty: jwk.kty, x: jwk.x }
      : { e: jwk.e, kty: jwk.kty, n: jwk.n };
  return digestOf(JSON.stringify(members));
}

/** Somebody's private key, reduced to the one thing it is for. Injected, so that a simulation can use a keyed hash. */
export interface Signer {
  readonly jwk: PublicJwk;
  /** Thumbprint of `jwk`: the id of the account or node. */
  readonly id: string;
  /** Signs `payload` as JSON; the result is a compact JWS. */
  sign(type: SignedType, payload: object): Promise<string>;
}

export interface Verified {
  jwk: PublicJwk;
  id: string;
  payload: unknown;
}

/** Checks a compact JWS against the key in its own header. Who that key belongs to is the caller's question. */
export interface Verifier {
  /** Rejects with `refusal` where the text is no such JWS or its signature is wrong. */
  verify(jws: string, type: SignedType, refusal: ErrorCode): Promise<Verified>;
}

/** @param privateJwk an Ed25519 or RSA private key as JWK */
export async function createSigner(privateJwk: PublicJwk & { d: string }): Promise<Signer> {
  const jwk = publicPartOf(privateJwk);
  const alg = jwk.kty === "OKP" ? "Ed25519" : "RS256";
  const key = await importJWK(privateJwk, alg);
  return {
    jwk,
    id: thumbprintOf(jwk),
    sign: (typ, payload) =>
      new CompactSign(Buffer.from(JSON.stringify(payload)))
        .setProtectedHeader({ typ, alg, jwk })
        .sign(key),
  };
}

/** Throws where the key is of a kind we do not accept. */
export function publicPartOf(key: object): PublicJwk {
  const { kty, crv, x, n, e } = key as Record<string, unknown>;
  return publicJwk.parse(kty === "RSA" ? { kty, n, e } : { kty, crv, x });
}

const headerSchema = z.object({
  typ: z.string(),
  alg: z.enum(["Ed25519", "EdDSA", "RS256"]),
  jwk: publicJwk,
  // RFC 7515, section 4.1.11: whoever does not understand an extension refuses the text. None is understood here.
  crit: z.undefined().optional(),
});

interface KeptKey {
  key: KeyObject;
  /** Its thumbprint. */
  id: string;
}

/** Who signs, signs again, and making these is a fifth of a check. More than a coordinator has nodes that beat. */
const keptKeys = boundedMap<string, KeptKey>(20_000);

function keptKeyOf(jwk: PublicJwk): KeptKey {
  const name = jwk.kty === "OKP" ? jwk.x : jwk.n;
  const kept = keptKeys.get(name);
  if (kept) return kept;
  const made = { key: createPublicKey({ key: jwk, format: "jwk" }), id: thumbprintOf(jwk) };
  keptKeys.set(name, made);
  return made;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });
const readJson = (part: string): unknown => JSON.parse(utf8.decode(readBytes(part)));

/** Strictly, so that a signed text is written in one way only. */
function readBytes(part: string): Uint8Array {
  const bytes = fromBase64url(part);
  if (!bytes) throw new Error("a part is not base64url");
  return bytes;
}

export const verifier: Verifier = {
  // In the thread that asks: a check takes 0.1 ms, and handing it to another thread half as much again.
  async verify(jws, type, refusal) {
    const refuse = (reason: string, cause?: unknown) => new TroopError(refusal, reason, { cause });
    const [head = "", body = "", signature = "", ...others] = jws.split(".");
    let header: z.infer<typeof headerSchema>;
    try {
      const decoded = readJson(head) as { typ?: unknown };
      if (decoded.typ !== type) throw refuse(`The signed text is not of type ${type}.`);
      header = headerSchema.parse(decoded);
    } catch (error) {
      throw error instanceof TroopError
        ? error
        : refuse("The signed text's header is not understood.", error);
    }
    const { alg, jwk } = header;
    const isRsa = jwk.kty === "RSA";
    if (isRsa !== (alg === "RS256"))
      throw refuse("The signature's algorithm does not fit its key.");
    try {
      if (others.length > 0) throw new Error("it has more than three parts");
      const { key, id } = keptKeyOf(jwk);
      const signed = Buffer.from(`${head}.${body}`);
      if (verify(isRsa ? "sha256" : null, signed, key, readBytes(signature)))
        return { jwk, id, payload: readJson(body) };
    } catch (error) {
      throw refuse("The signed text cannot be read.", error);
    }
    throw refuse("The signature does not verify.");
  },
};

/** SHA-256 of a JWS as text: its name in the books. */
export const statementHash = (jws: string): string => digestOf(jws);
