/** A statement: a signed text that needs no other proof, addressed to one coordinator. */
import { z } from "zod";
import { TroopError, type ErrorCode } from "./error-codes.ts";
import { thumbprintText } from "./ids.ts";
import type { PublicJwk, SignedType, Signer, Verifier } from "./signature.ts";

const envelope = z.object({ aud: z.string(), iat: z.int().nonnegative() });

/** @param now coordinator time, ms */
export function createStatement(
  signer: Signer,
  type: SignedType,
  audience: string,
  now: number,
  body: object,
): Promise<string> {
  return signer.sign(type, { ...body, aud: audience, iat: Math.floor(now / 1_000) });
}

export interface Statement<Body> {
  signer: string;
  jwk: PublicJwk;
  /** When it was signed, coordinator time in ms as the signer knew it. */
  signedAt: number;
  body: Body;
}

/** @throws TroopError with `refusal` where the statement is not genuine, not for `audience`, or of another shape */
export async function checkStatement<Body>(
  verifier: Verifier,
  jws: string,
  type: SignedType,
  audience: string,
  schema: z.ZodType<Body>,
  refusal: ErrorCode,
): Promise<Statement<Body>> {
  const { id, jwk, payload } = await verifier.verify(jws, type, refusal);
  const claims = envelope.safeParse(payload);
  if (!claims.success) throw new TroopError(refusal, "The statement lacks its audience or time.");
  if (claims.data.aud !== audience)
    throw new TroopError(refusal, `The statement is not addressed to ${audience}.`);
  const { aud: _aud, iat: _iat, ...rest } = payload as Record<string, unknown>;
  const body = schema.safeParse(rest);
  if (!body.success) {
    throw new TroopError(refusal, "The statement's body is not of the expected shape.", {
      cause: body.error,
    });
  }
  return { signer: id, jwk, signedAt: claims.data.iat * 1_000, body: body.data };
}

/** The owner account's word that a node is theirs. */
export const enrolmentBody = z.strictObject({ node: thumbprintText, owner: thumbprintText });
export type Enrolment = z.infer<typeof enrolmentBody>;

/** The word of a new key that it will act for an account. The account's own word is the call that brings it. */
export const linkBody = z.strictObject({ account: thumbprintText });
export type Link = z.infer<typeof linkBody>;
