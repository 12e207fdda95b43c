/** Proof of possession for one call to the coordinator: DPoP (RFC 9449) with the private claim `bh`, a hash of the body. */
import { z } from "zod";
import type { Random } from "../base/random.ts";
import { digestOf } from "./bytes.ts";
import { TroopError } from "./error-codes.ts";
import { limits } from "./limits.ts";
import type { PublicJwk, Signer, Verifier } from "./signature.ts";

const claimsSchema = z.object({
  jti: z.string().min(1).max(limits.shortTextCharacters),
  htm: z.string(),
  htu: z.string(),
  iat: z.int().nonnegative(),
  /** base64url SHA-256 of the raw body; absent where there is none. */
  bh: z.string().optional(),
});

export interface ProvenCall {
  method: string;
  /** The coordinator's public base and the path, without query: never what `Host` says. */
  url: string;
  body?: Uint8Array | string | undefined;
}

/** Whose key made a call. */
export interface Proven {
  id: string;
  jwk: PublicJwk;
  /** The proof's own name, for those who take each proof once. */
  jti: string;
  /** When it was made, ms, by its maker's clock. */
  provenAt: number;
}

const hasBody = (body: ProvenCall["body"]) => body !== undefined && body.length > 0;

/** @param now coordinator time, ms */
export function createProof(
  signer: Signer,
  random: Random,
  now: number,
  call: ProvenCall,
): Promise<string> {
  return signer.sign("dpop+jwt", {
    jti: random.uuid(),
    htm: call.method,
    htu: call.url,
    iat: Math.floor(now / 1_000),
    ...(hasBody(call.body) ? { bh: digestOf(call.body!) } : {}),
  });
}

/** What the headers of a call prove; whether its body is the one that was meant is known when that is read. */
export interface ProvenHead extends Proven {
  bodyHash: string | undefined;
}

/**
 * Checks a proof against the call it came with. There is no store of `jti`: each mutating body has a key of
 * its own, so a replay gets the first answer.
 * @throws TroopError `missing_proof`, `invalid_proof`, `body_hash_mismatch`, `clock_skew`
 */
export async function checkProof(
  verifier: Verifier,
  proof: string | undefined,
  call: ProvenCall,
  now: number,
): Promise<Proven> {
  const { bodyHash, ...proven } = await checkProofHead(verifier, proof, call, now);
  checkProvenBody(bodyHash, call.body);
  return proven;
}

/**
 * All of `checkProof` but the body, which need not be there yet.
 * @throws TroopError `missing_proof`, `invalid_proof`, `clock_skew`
 */
export async function checkProofHead(
  verifier: Verifier,
  proof: string | undefined,
  call: Pick<ProvenCall, "method" | "url">,
  now: number,
): Promise<ProvenHead> {
  if (!proof) throw new TroopError("missing_proof");
  if (proof.length > limits.proofBytes)
    throw new TroopError("invalid_proof", "The proof is too long.");
  const { id, jwk, payload } = await verifier.verify(proof, "dpop+jwt", "invalid_proof");
  const claims = claimsSchema.safeParse(payload);
  if (!claims.success)
    throw new TroopError("invalid_proof", "The proof lacks a claim or has one of the wrong kind.");
  const { htm, htu, iat, bh, jti } = claims.data;
  if (htm !== call.method)
    throw new TroopError("invalid_proof", "The proof was made for another method.");
  if (htu !== call.url) {
    throw new TroopError(
      "invalid_proof",
      `The proof was made for another URL; this coordinator is ${baseOf(call.url)}.`,
    );
  }
  if (Math.abs(now - iat * 1_000) > limits.clockSkewMs)
    throw new TroopError("clock_skew", undefined, { details: { now } });
  return { id, jwk, jti, provenAt: iat * 1_000, bodyHash: bh };
}

/** @throws TroopError `body_hash_mismatch` */
export function checkProvenBody(bodyHash: string | undefined, body: ProvenCall["body"]): void {
  if (bodyHash !== (hasBody(body) ? digestOf(body!) : undefined))
    throw new TroopError("body_hash_mismatch");
}

const baseOf = (url: string) => new URL(url).origin;
