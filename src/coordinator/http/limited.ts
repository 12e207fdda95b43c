/** Limits on calls, at the HTTP server: where a call comes from, when it is charged, and what its answer says of it. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { decodeProtectedHeader } from "jose";
import type { Charged } from "../../base/sliding-log.ts";
import type { Source, SourceOf } from "../../host/client-address.ts";
import type { Log } from "../../host/log.ts";
import { limitHeaders } from "../../host/too-many-calls.ts";
import { publicJwk, thumbprintOf } from "../../protocol/signature.ts";
import { ruleOf, type Caller } from "../limits/charges.ts";
import type { Limiter } from "../limits/limiter.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Where it comes from, as far as proxies are believed. */
    readonly source: Source;
    /** As it was found when it was first asked for. */
    foundSource: Source | undefined;
    /** What it was charged to; undefined where it costs nothing, or is not charged yet. */
    charged: Charged | undefined;
  }
}

export interface LimitedOptions {
  limiter: Limiter;
  sourceOf: SourceOf;
  log: Log;
}

/** To be called before any route is registered. */
export function limitCalls(app: FastifyInstance, { limiter, sourceOf, log }: LimitedOptions): void {
  let hasWarned = false;
  app.decorateRequest("foundSource", undefined);
  app.decorateRequest("source", {
    getter(): Source {
      return (this.foundSource ??= sourceOf(this.raw));
    },
  });
  app.decorateRequest("charged", undefined);
  app.addHook("onRequest", async (request) => {
    const { source } = request;
    if (source.isVeiled && !hasWarned) {
      hasWarned = true;
      log.warn(
        { address: source.address },
        "calls come through a proxy that TRUSTED_PROXIES does not name: limits take all of them for one caller",
      );
    }
    request.charged = limiter.arrive(routeOf(request), source);
  });
  app.addHook("preHandler", async (request) => {
    switch (ruleOf(routeOf(request) ?? "").knownBy) {
      case "anybody":
        return chargeCall(limiter, request, { kind: "anybody" });
      case "statement":
        return chargeCall(limiter, request, signerClaimed(request.body));
      // By whoever checks the proof.
      case "account":
      case "node":
      case "nobody":
    }
  });
  app.addHook("preSerialization", async (request, _reply, answer: unknown) => {
    if (isTaken(answer)) limiter.sources.giveBack(request.source);
    return answer;
  });
  app.addHook("onSend", async ({ charged }, reply) => {
    // A refusal has said its own.
    if (charged && !reply.hasHeader("x-ratelimit-limit")) void reply.headers(limitHeaders(charged));
  });
}

/** @throws TroopError `rate_limit_exceeded`, `ledger_unavailable` */
export async function chargeCall(
  limiter: Limiter,
  request: FastifyRequest,
  caller: Caller,
): Promise<void> {
  const route = routeOf(request);
  if (route === undefined) return;
  const { id } = (request.body ?? {}) as { id?: unknown };
  const call = { route, caller, source: request.source };
  request.charged = await limiter.charge(call, typeof id === "string" ? id : undefined);
  if (caller.kind === "known") limiter.sources.giveBack(request.source);
}

/** As it was registered; undefined where there is none. */
export const routeOf = ({ method, routeOptions: { url } }: FastifyRequest): string | undefined =>
  url === undefined ? undefined : `${method} ${url}`;

/** Who signed the first statement, or sent the receipt by shared key, by its own word. */
function signerClaimed(body: unknown): Caller {
  const { statements, node_id: node } = body as { statements?: [string]; node_id?: string };
  if (node !== undefined) return { kind: "claimed", id: node };
  try {
    const { jwk } = decodeProtectedHeader(statements?.[0] ?? "");
    return { kind: "claimed", id: thumbprintOf(publicJwk.parse(jwk)) };
  } catch {
    return { kind: "anybody" };
  }
}

/**
 * Whether the first statement was its signer's: the one whose signer the call was charged to. One that was taken behind
 * it says nothing of that signer, whom anybody could have made up for each call.
 */
const isTaken = (answer: unknown): boolean => {
  const { outcomes } = answer as { outcomes?: { status: string }[] };
  const [first] = Array.isArray(outcomes) ? outcomes : [];
  return first !== undefined && first.status !== "refused";
};
