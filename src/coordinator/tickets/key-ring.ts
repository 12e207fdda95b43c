/** The coordinator's own keys: the RSA keys that sign tickets, and the secret that makes pseudonyms. */
import {
  calculateJwkThumbprint,
  CompactSign,
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWK,
} from "jose";
import { createHmac, createPublicKey } from "node:crypto";
import { digestOf } from "../../protocol/bytes.ts";
import { ticketType, type TicketClaims } from "../../protocol/ticket.ts";

export interface KeyRing {
  /** Public keys that tickets may be signed with. */
  readonly keySet: JSONWebKeySet;
  /** The signing key as PEM (SPKI). */
  readonly pem: string;
  /** Changes when `keySet` does. */
  readonly version: string;
  sign(claims: TicketClaims): Promise<string>;
  /** What an account is called at one node: nodes cannot link a user across nodes by it. */
  pseudonym(account: string, node: string): string;
}

/** A key of tickets, ready to sign. */
export interface TicketKey {
  kid: string;
  publicJwk: JWK;
  privateKey: CryptoKey;
}

const algorithm = "RS256";

/** A new private key, as text. */
export async function makeTicketKey(): Promise<string> {
  const { privateKey } = await generateKeyPair(algorithm, {
    modulusLength: 2_048,
    extractable: true,
  });
  return JSON.stringify(await exportJWK(privateKey));
}

/** @throws Error where it is no private key of RSA */
export async function readTicketKey(text: string): Promise<TicketKey> {
  const privateJwk = JSON.parse(text) as JWK;
  const { kty, n, e, d } = privateJwk;
  if (kty !== "RSA" || !n || !e || !d) throw new Error("not an RSA private key");
  const publicJwk = { kty, n, e };
  return {
    publicJwk,
    kid: await calculateJwkThumbprint(publicJwk),
    privateKey: (await importJWK(privateJwk, algorithm)) as CryptoKey,
  };
}

/** @param published the signing key among them */
export function keyRingOf(
  signing: TicketKey,
  published: readonly TicketKey[],
  pseudonymSecret: string,
): KeyRing {
  const { kid, privateKey, publicJwk } = signing;
  const publicKey = createPublicKey({ key: publicJwk, format: "jwk" });
  return {
    keySet: {
      keys: published.map((key) => ({
        ...key.publicJwk,
        ...{ kid: key.kid, alg: algorithm, use: "sig" },
      })),
    },
    pem: String(publicKey.export({ type: "spki", format: "pem" })),
    version: digestOf(published.map((key) => key.kid).join()),
    sign: (claims) =>
      new CompactSign(Buffer.from(JSON.stringify(claims)))
        .setProtectedHeader({ alg: algorithm, typ: ticketType, kid })
        .sign(privateKey),
    pseudonym: (account, node) =>
      createHmac("sha256", pseudonymSecret)
        .update(JSON.stringify(["troop-pseudonym/1", account, node]))
        .digest("base64url"),
  };
}
