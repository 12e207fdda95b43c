/**
 * A key statement: the node's word, signed with its own key, that what is meant for it may be sealed to an HPKE key
 * for a while, and its owner's word that the node is theirs. Whoever passes it on can withhold it but not change it.
 */
import { z } from "zod";
import { fromBase64url, digestOf } from "./bytes.ts";
import { TroopError } from "./error-codes.ts";
import { publicKeyBytes } from "./hpke.ts";
import { thumbprintText } from "./ids.ts";
import { limits } from "./limits.ts";
import type { Signer, Verifier } from "./signature.ts";
import { checkStatement, createStatement, enrolmentBody } from "./statement.ts";

const type = "troop-key+jwt";
const second = 1_000;

const bytesText = (length: number) =>
  z
    .string()
    .refine((text) => fromBase64url(text)?.length === length, `${length} bytes as base64url`);

export const keyStatementBody = z.strictObject({
  /** X25519 public key. */
  hpke_public: bytesText(publicKeyBytes),
  /** Its RFC 7638 thumbprint: nobody chooses it. */
  kid: thumbprintText,
  /** Random, of the run of the worker whose memory holds the private key. */
  boot: bytesText(limits.bootBytes),
  /** Seconds, as in every JWT. */
  nbf: z.int().nonnegative(),
  exp: z.int().nonnegative(),
  /** The owner's signed enrolment of this node. */
  enrolment: z.string().max(limits.proofBytes),
});
export type KeyStatementBody = z.infer<typeof keyStatementBody>;

/** RFC 7638 over an X25519 key's members (RFC 8037 §2). @param publicKey base64url */
export const hpkeKeyId = (publicKey: string): string =>
  digestOf(JSON.stringify({ crv: "X25519", kty: "OKP", x: publicKey }));

export interface StatedKey {
  /** 32 bytes, base64url. */
  publicKey: string;
  kid: string;
  /** base64url. */
  boot: string;
  /** From when until when anybody may seal to it, coordinator time in ms. */
  from: number;
  until: number;
}

export interface KeyStatementParts {
  node: Signer;
  /** The coordinator's public base. */
  audience: string;
  /** Coordinator time, ms. */
  now: number;
  key: StatedKey;
  enrolment: string;
}

export function createKeyStatement(parts: KeyStatementParts): Promise<string> {
  const { node, audience, now, key, enrolment } = parts;
  const body: KeyStatementBody = {
    hpke_public: key.publicKey,
    kid: key.kid,
    boot: key.boot,
    nbf: Math.floor(key.from / second),
    exp: Math.floor(key.until / second),
    enrolment,
  };
  return createStatement(node, type, audience, now, body);
}

/** A node's key that was found genuine, and who vouches for the node. */
export interface NodeKey extends StatedKey {
  node: string;
  /** Thumbprint of the key that signed the enrolment, which names itself as the owner. */
  owner: string;
}

export interface KeyExpectation {
  audience: string;
  /** The ticket's audience. */
  node: string;
  /** Coordinator time, ms. */
  now: number;
}

/**
 * Whether the owner is the one that is remembered is the caller's question.
 * @throws TroopError `key_statement_invalid`, `wrong_node`, `key_statement_expired`, `invalid_enrolment`
 */
export async function checkKeyStatement(
  verifier: Verifier,
  jws: string,
  expected: KeyExpectation,
): Promise<NodeKey> {
  const { audience, node, now } = expected;
  const refuse = (reason: string) => new TroopError("key_statement_invalid", reason);
  if (jws.length > limits.keyStatementBytes) throw refuse("The key statement is too long.");
  const { signer, body } = await checkStatement(
    verifier,
    jws,
    type,
    audience,
    keyStatementBody,
    "key_statement_invalid",
  );
  if (signer !== node) throw new TroopError("wrong_node");
  if (body.kid !== hpkeKeyId(body.hpke_public))
    throw refuse("The key statement names its key wrongly.");
  const [from, until] = [body.nbf * second, body.exp * second];
  if (until <= from || until - from > limits.sealingKeyLifeMs)
    throw refuse("The key statement's time is not one that a key may have.");
  if (now < from - limits.clockSkewMs || now >= until)
    throw new TroopError("key_statement_expired");
  const owner = await checkEnrolment(verifier, body.enrolment, audience, node);
  return { node, owner, publicKey: body.hpke_public, kid: body.kid, boot: body.boot, from, until };
}

/** A linked key that signs for another account is the coordinator's word only, so it does not count here. */
async function checkEnrolment(
  verifier: Verifier,
  enrolment: string,
  audience: string,
  node: string,
): Promise<string> {
  const { signer, body } = await checkStatement(
    verifier,
    enrolment,
    "troop-enrolment+jwt",
    audience,
    enrolmentBody,
    "invalid_enrolment",
  );
  if (body.node !== node)
    throw new TroopError("invalid_enrolment", "The enrolment is of another node.");
  if (body.owner !== signer)
    throw new TroopError("invalid_enrolment", "The enrolment is not signed by its owner.");
  return signer;
}

/**
 * True where `next` takes the place of a key that was known: an older statement, however genuine, may be that of a
 * key that was stolen since.
 */
export const supersedes = (
  next: Pick<StatedKey, "kid" | "from">,
  known: Pick<StatedKey, "kid" | "from">,
): boolean => next.kid !== known.kid && next.from >= known.from;
