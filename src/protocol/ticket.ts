/** A ticket: the coordinator-signed right to spend a budget at one node, for one model, for at most five minutes. */
import { compactVerify, createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet } from "jose";
import { z } from "zod";
import { creditsText, multiplierText } from "./credits.ts";
import { TroopError } from "./error-codes.ts";
import { thumbprintText, uuidText } from "./ids.ts";
import { limits } from "./limits.ts";
import { rateSchema } from "./price.ts";
import { anchorText } from "./secrets.ts";

export const ticketType = "troop-ticket+jwt";

export const ticketClaims = z.strictObject({
  iss: z.string().max(limits.urlCharacters),
  /** The node, twice: as the standard's audience and under the name that earlier papers gave it. */
  aud: thumbprintText,
  target_node: thumbprintText,
  /** Pseudonym of the account at this node; nodes cannot link a user across nodes by it. */
  sub: z.string().min(1).max(limits.shortTextCharacters),
  /** Id of the hold that backs the ticket. */
  jti: uuidText,
  iat: z.int(),
  nbf: z.int(),
  exp: z.int(),
  anchor: anchorText,
  model: z.string().min(1).max(limits.modelNameCharacters),
  model_digest: z.string().max(limits.digestCharacters).optional(),
  budget: creditsText,
  multiplier: multiplierText,
  rate: rateSchema,
  max_seconds: z.int().positive(),
  /** True at the owner's own node: nothing is charged. */
  own: z.boolean(),
});
export type TicketClaims = z.infer<typeof ticketClaims>;

/** Verifies a ticket's signature and returns its payload. Injected, so that a simulation can use a keyed hash. */
export interface TicketKeys {
  /** @throws TroopError `invalid_ticket` */
  verify(token: string): Promise<unknown>;
}

export function ticketKeys(keySet: JSONWebKeySet): TicketKeys {
  const findKey = createLocalJWKSet(keySet);
  return {
    async verify(token) {
      try {
        const header = decodeProtectedHeader(token);
        if (header.typ !== ticketType) throw new Error(`typ is not ${ticketType}`);
        const { payload } = await compactVerify(token, findKey, { algorithms: ["RS256"] });
        return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload)) as unknown;
      } catch (error) {
        throw new TroopError("invalid_ticket", undefined, { cause: error });
      }
    },
  };
}

export interface TicketExpectation {
  issuer: string;
  node: string;
  /** Coordinator time, ms. */
  now: number;
}

/**
 * Checks a ticket's claims; they hold for as long as `checkTicketTime` does.
 * @throws TroopError `invalid_ticket`, `wrong_audience`, `ticket_expired`
 */
export async function checkTicket(
  keys: TicketKeys,
  token: string,
  expected: TicketExpectation,
): Promise<TicketClaims> {
  if (token.length > limits.ticketBytes)
    throw new TroopError("invalid_ticket", "The ticket is too long.");
  const parsed = ticketClaims.safeParse(await keys.verify(token));
  if (!parsed.success)
    throw new TroopError("invalid_ticket", "The ticket's claims are not of the expected shape.");
  const claims = parsed.data;
  if (claims.iss !== expected.issuer)
    throw new TroopError("invalid_ticket", "The ticket is of another coordinator.");
  if (claims.aud !== expected.node || claims.target_node !== expected.node)
    throw new TroopError("wrong_audience");
  if (claims.exp - claims.iat > limits.ticketLifeMs / 1_000)
    throw new TroopError("invalid_ticket", "The ticket lives too long.");
  checkTicketTime(claims, expected.now);
  return claims;
}

/** @throws TroopError `ticket_expired` */
export function checkTicketTime(claims: Pick<TicketClaims, "nbf" | "exp">, now: number): void {
  const seconds = now / 1_000;
  const skew = limits.clockSkewMs / 1_000;
  if (seconds < claims.nbf - skew)
    throw new TroopError("ticket_expired", "The ticket is not valid yet.");
  // No grace at the end: the coordinator counts on it, and the client renews long before.
  if (seconds >= claims.exp)
    throw new TroopError("ticket_expired", "The ticket has expired; ask for another.");
}
