/** Who makes a call: the proof is checked against this very request, then its key against the accounts and nodes. */
import type { FastifyRequest } from "fastify";
import type { Clock } from "../../base/clock.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { checkProofHead, checkProvenBody, type ProvenHead } from "../../protocol/proof.ts";
import type { Verifier } from "../../protocol/signature.ts";
import { headers } from "../../protocol/version.ts";
import type { Accounts, ProvenKey } from "../accounts/accounts.ts";
import type { Nodes } from "../accounts/enrolment.ts";
import type { Joining } from "../accounts/joining.ts";
import { pathOf } from "../../host/framing.ts";
import { ruleOf } from "../limits/charges.ts";
import type { Limiter } from "../limits/limiter.ts";
import { chargeCall, routeOf } from "./limited.ts";

export interface CallersOptions {
  accounts: Accounts;
  verifier: Verifier;
  clock: Clock;
  /** Known once the port is. */
  publicUrl: () => string;
  joining: Pick<Joining, "policy" | "admit">;
  nodes: Pick<Nodes, "find">;
  limiter: Limiter;
}

export type Callers = ReturnType<typeof createCallers>;

/** What a call's headers prove. */
export interface Recognised {
  key: ProvenHead;
  /** The account or node that the key stands for; undefined where it is nobody's yet. */
  id: string | undefined;
}

declare module "fastify" {
  interface FastifyRequest {
    recognised: Promise<Recognised> | undefined;
  }
}

const forgeries: ReadonlySet<string> = new Set(["invalid_proof", "body_hash_mismatch"]);

export function createCallers(options: CallersOptions) {
  const { accounts, verifier, clock, publicUrl, joining, nodes, limiter } = options;

  const checkedHead = async (request: FastifyRequest): Promise<ProvenHead> => {
    const proof = request.headers[headers.proof];
    const call = {
      method: request.method === "HEAD" ? "GET" : request.method,
      // Never from `Host`: whoever sends a request writes that header.
      url: publicUrl() + pathOf(request.raw.url ?? ""),
    };
    const sent = typeof proof === "string" ? proof : undefined;
    const key = await checkProofHead(verifier, sent, call, clock.now());
    request.provenBy = key.id;
    return key;
  };

  /** The account or node that a key stands for on this route; undefined where it is nobody's yet. */
  const idOf = async (request: FastifyRequest, key: string): Promise<string | undefined> =>
    ruleOf(routeOf(request) ?? "").knownBy === "node"
      ? (await nodes.find(key))?.id
      : accounts.accountMeanwhile(key);

  /** A call that proves nobody who may call is charged to where it came from. */
  async function chargingFailures<Result>(
    request: FastifyRequest,
    work: () => Promise<Result> | Result,
  ): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (
        error instanceof TroopError &&
        (error.status === 401 || error.code === "account_revoked")
      ) {
        const kind = forgeries.has(error.code) ? "impostor" : "anybody";
        await chargeCall(limiter, request, { kind });
      }
      throw error;
    }
  }

  /** Once for each call: before its body is read where it has one and is signed at all. */
  const recognise = (request: FastifyRequest): Promise<Recognised> =>
    (request.recognised ??= chargingFailures(request, async () => {
      const key = await checkedHead(request);
      return { key, id: await idOf(request, key.id) };
    }));

  /**
   * Checks the proof, and charges the call to whoever made it.
   * @throws TroopError `missing_proof`, `invalid_proof`, `body_hash_mismatch`, `clock_skew`, `rate_limit_exceeded`
   */
  async function provenKey(request: FastifyRequest): Promise<ProvenKey> {
    const { key, id } = await recognise(request);
    await chargingFailures(request, () => checkProvenBody(key.bodyHash, request.rawBody));
    await chargeCall(
      limiter,
      request,
      id === undefined ? { kind: "stranger" } : { kind: "known", id },
    );
    return key;
  }

  return {
    recognise,
    provenKey,

    /** The account that calls; undefined for a key without one, which is no account's but may become one. */
    async knownAccount(request: FastifyRequest): Promise<string | undefined> {
      const account = await accounts.accountOf((await provenKey(request)).id);
      request.provenBy = account ?? request.provenBy;
      return account;
    },

    /**
     * The account that calls, for what cannot be taken back: a key that was revoked elsewhere is refused at once.
     * @throws TroopError `account_unknown`
     */
    async liveAccount(request: FastifyRequest): Promise<string> {
      const account = await accounts.accountNow((await provenKey(request)).id);
      if (!account) throw new TroopError("account_unknown");
      request.provenBy = account;
      return account;
    },

    /**
     * For reading what any account may read. Where everybody may join, a key that has not joined yet reads too.
     * @returns the account, or the id of the one that it would be
     */
    async reader(request: FastifyRequest): Promise<string> {
      const { id } = await provenKey(request);
      const account = await accounts.accountMeanwhile(id);
      if (!account && joining.policy !== "open") throw new TroopError("join_required");
      return account ?? id;
    },

    /** The account that calls, made now where everybody may join. */
    async joiner(request: FastifyRequest): Promise<string> {
      const account = await joining.admit(await provenKey(request));
      request.provenBy = account;
      return account;
    },
  };
}
