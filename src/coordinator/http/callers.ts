/** Who makes a call: the proof is checked against this very request, then its key against the accounts and nodes. */
import type { FastifyRequest } from "fastify";
import type { Clock } from "../../base/clock.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { checkProof } from "../../protocol/proof.ts";
import type { Verifier } from "../../protocol/signature.ts";
import { headers } from "../../protocol/version.ts";
import type { Accounts, ProvenKey } from "../accounts/accounts.ts";
import type { Joining } from "../accounts/joining.ts";
import { pathOf } from "../../host/framing.ts";

export interface CallersOptions {
  accounts: Accounts;
  verifier: Verifier;
  clock: Clock;
  /** Known once the port is. */
  publicUrl: () => string;
  joining: Pick<Joining, "policy" | "admit">;
}

export type Callers = ReturnType<typeof createCallers>;

export function createCallers({ accounts, verifier, clock, publicUrl, joining }: CallersOptions) {
  /** @throws TroopError `missing_proof`, `invalid_proof`, `body_hash_mismatch`, `clock_skew` */
  const provenKey = (request: FastifyRequest): Promise<ProvenKey> => {
    const proof = request.headers[headers.proof];
    const call = {
      method: request.method === "HEAD" ? "GET" : request.method,
      // Never from `Host`: whoever sends a request writes that header.
      url: publicUrl() + pathOf(request.raw.url ?? ""),
      body: request.rawBody,
    };
    return checkProof(verifier, typeof proof === "string" ? proof : undefined, call, clock.now());
  };

  return {
    provenKey,

    /** The account that calls; undefined for a key without one, which is no account's but may become one. */
    async knownAccount(request: FastifyRequest): Promise<string | undefined> {
      return accounts.accountOf((await provenKey(request)).id);
    },

    /**
     * The account that calls, for what cannot be taken back: a key that was revoked elsewhere is refused at once.
     * @throws TroopError `account_unknown`
     */
    async liveAccount(request: FastifyRequest): Promise<string> {
      const account = await accounts.accountNow((await provenKey(request)).id);
      if (!account) throw new TroopError("account_unknown");
      return account;
    },

    /**
     * For reading what any account may read. Where everybody may join, a key that has not joined yet reads too.
     * @returns the account, or the id of the one that it would be
     */
    async reader(request: FastifyRequest): Promise<string> {
      const { id } = await provenKey(request);
      const account = await accounts.accountOf(id);
      if (!account && joining.policy !== "open") throw new TroopError("join_required");
      return account ?? id;
    },

    /** The account that calls, made now where everybody may join. */
    async joiner(request: FastifyRequest): Promise<string> {
      return joining.admit(await provenKey(request));
    },
  };
}
