/** The coordinator's own keys: the RSA key that signs tickets, and the secret that makes pseudonyms. */
import {
  calculateJwkThumbprint,
  CompactSign,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWK,
} from "jose";
import { createHmac, createPublicKey } from "node:crypto";
import { join } from "node:path";
import type { Random } from "../../base/random.ts";
import { ensureFolder } from "../../host/folders.ts";
import { toBase64url } from "../../protocol/bytes.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { ticketType, type TicketClaims } from "../../protocol/ticket.ts";
import { loadSecret } from "./secret-file.ts";

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

const algorithm = "RS256";
const secretBytes = 32;

/**
 * Loads the keys from `folder`, making them at the first start.
 * @throws TroopError `key_file_invalid`, `data_folder_invalid`
 */
export async function loadKeyRing(folder: string, random: Random): Promise<KeyRing> {
  ensureFolder(folder);
  const ticketFile = join(folder, "ticket-key.json");
  const privateJwk = readPrivateKey(
    await loadSecret(ticketFile, makeTicketKey, random),
    ticketFile,
  );
  const pseudonymSecret = await loadSecret(
    join(folder, "pseudonym-secret"),
    () => Promise.resolve(toBase64url(random.bytes(secretBytes))),
    random,
  );
  const { n, e } = privateJwk;
  const publicJwk: JWK = { kty: "RSA", n: n!, e: e! };
  const kid = await calculateJwkThumbprint(publicJwk);
  const privateKey = await importJWK(privateJwk, algorithm);
  const publicKey = createPublicKey({ key: publicJwk, format: "jwk" });
  return {
    keySet: { keys: [{ ...publicJwk, kid, alg: algorithm, use: "sig" }] },
    pem: String(publicKey.export({ type: "spki", format: "pem" })),
    version: kid,
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

async function makeTicketKey(): Promise<string> {
  const { privateKey } = await generateKeyPair(algorithm, {
    modulusLength: 2_048,
    extractable: true,
  });
  return JSON.stringify(await exportJWK(privateKey));
}

function readPrivateKey(text: string, file: string): JWK {
  try {
    const key = JSON.parse(text) as JWK;
    if (key.kty !== "RSA" || !key.n || !key.e || !key.d) throw new Error("not an RSA private key");
    return key;
  } catch (error) {
    throw new TroopError("key_file_invalid", `The key file ${file} holds no RSA private key.`, {
      cause: error,
    });
  }
}
