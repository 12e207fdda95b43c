/** `/users/{id}/…` shows an account to itself only. */
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { TroopError } from "../../protocol/error-codes.ts";
import { thumbprintText } from "../../protocol/ids.ts";
import { publicJwk, thumbprintOf } from "../../protocol/signature.ts";
import type { Services } from "./services.ts";

export const userParams = z.strictObject({ id: z.string().min(1) });

/**
 * The account in the path, where the caller is that account. A public key, as URL-encoded JWK, stands for its
 * thumbprint, and a linked key for its account.
 * @param callerOf who calls; by default as it is remembered
 * @throws TroopError `invalid_value`, `account_unknown`, `not_owner`
 */
export async function ownAccount(
  { accounts, callers }: Pick<Services, "accounts" | "callers">,
  request: FastifyRequest<{ Params: { id: string } }>,
  callerOf: (request: FastifyRequest) => Promise<string | undefined> = callers.knownAccount,
): Promise<string> {
  const caller = await callerOf(request);
  const wanted = idOf(request.params.id);
  if (caller === wanted) return wanted;
  const named = await accounts.ofKey(wanted);
  if (caller !== undefined && caller === named) return caller;
  if (named === undefined && !(await accounts.exists(wanted)))
    throw new TroopError("account_unknown");
  throw new TroopError("not_owner");
}

/** A thumbprint as it is, and that of a public key. @throws TroopError `invalid_value` */
export function idOf(text: string): string {
  if (thumbprintText.safeParse(text).success) return text;
  try {
    return thumbprintOf(publicJwk.parse(JSON.parse(text)));
  } catch (error) {
    throw new TroopError("invalid_value", "The path names neither an id nor a public key.", {
      param: "id",
      cause: error,
    });
  }
}
