/**
 * Signing and checking of signed things (JWS, RFC 7515, compact form) whose key travels in their header.
 * Each kind has a `typ` of its own, checked before anything else: nothing signed for one purpose serves another.
 */
import {
  CompactSign,
  compactVerify,
  type CryptoKey,
  decodeProtectedHeader,
  errors,
  importJWK,
} from "jose";
import { z } from "zod";
import { type BoundedMap, boundedMap } from "../base/bounded-map.ts";
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
  // In one way only: the last character has two bits that nobody reads.
  x: base64urlText
    .length(43)
    .refine((x) => fromBase64url(x) !== undefined, "32 bytes as base64url"),
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

type VerifyingKey = CryptoKey | Uint8Array;

/** Who signs, signs again, and making these is a fifth of a check. More than a coordinator has nodes that beat. */
const keptMost = 20_000;

/** A signed text is written in one way only: without padding, white space, or bits that nobody reads. */
const isStrict = (jws: string): boolean =>
  jws.split(".").every((part) => fromBase64url(part) !== undefined);

/** @param kept keys by their thumbprint, those alone that have signed something */
export function createVerifier(kept: BoundedMap<string, VerifyingKey>): Verifier {
  return {
    async verify(jws, type, refusal) {
      const refuse = (reason: string, cause?: unknown) =>
        new TroopError(refusal, reason, { cause });
      let header: z.infer<typeof headerSchema>;
      try {
        const decoded = decodeProtectedHeader(jws);
        if (decoded.typ !== type) throw refuse(`The signed text is not of type ${type}.`);
        header = headerSchema.parse(decoded);
      } catch (error) {
        throw error instanceof TroopError
          ? error
          : refuse("The signed text's header is not understood.", error);
      }
      const { alg, jwk } = header;
      if ((jwk.kty === "RSA") !== (alg === "RS256"))
        throw refuse("The signature's algorithm does not fit its key.");
      if (!isStrict(jws)) throw refuse("The signed text cannot be read.");
      try {
        const id = thumbprintOf(jwk);
        const key = kept.get(id) ?? (await importJWK(jwk, alg));
        const { payload } = await compactVerify(jws, key, { algorithms: [alg] });
        // Now that it has signed something: else keys that nobody has would crowd out those that somebody has.
        kept.set(id, key);
        const claims: unknown = JSON.parse(
          new TextDecoder("utf-8", { fatal: true }).decode(payload),
        );
        return { jwk, id, payload: claims };
      } catch (error) {
        const reason =
          error instanceof errors.JWSSignatureVerificationFailed
            ? "The signature does not verify."
            : "The signed text cannot be read.";
        throw refuse(reason, error);
      }
    },
  };
}

export const verifier = createVerifier(boundedMap(keptMost));

/** SHA-256 of a JWS as text: its name in the books. */
export const statementHash = (jws: string): string => digestOf(jws);
