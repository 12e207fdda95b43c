/**
 * Which bucket a call is charged to: one each, decided by the route, by who is known to call, and by where from. Pure.
 * `docs/api.md` has the table for people.
 */
import type { Rate } from "../../base/sliding-log.ts";
import { isLocal, originOf, type Source } from "../../host/client-address.ts";
import { limits } from "../../protocol/limits.ts";
import type { GuardedCharge } from "./standby.ts";

/** Who a call is by, as far as is known when it is charged. */
export type Caller =
  /** Proven, and an account or node of ours. */
  | { kind: "known"; id: string }
  /** Proven by a key that is nobody's yet. */
  | { kind: "stranger" }
  /** Nobody says who they are. */
  | { kind: "anybody" }
  /** Who signed the statement in its body, by its own word: it counts only together with the address. */
  | { kind: "claimed"; id: string }
  /** The proof does not verify. */
  | { kind: "impostor" };

/** What tells who calls, and so when the call is charged. `nobody`: it costs nothing. */
export type KnownBy = "account" | "node" | "statement" | "nobody" | "anybody";

interface RouteRule {
  knownBy: KnownBy;
  /** For callers without a known key. */
  isStrict: boolean;
  /** It may make, move or reserve credits. */
  isMoney: boolean;
  /** A bucket of its own for those who are known. */
  own?: "authorize" | "heartbeat" | "next";
}

const usual: RouteRule = { knownBy: "account", isStrict: false, isMoney: false };
const strict = { ...usual, isStrict: true };
const money = { ...strict, isMoney: true };
const free: RouteRule = { ...usual, knownBy: "nobody" };
const open: RouteRule = { ...usual, knownBy: "anybody" };
const statements: RouteRule = { ...usual, knownBy: "statement" };

const routes: Readonly<Record<string, RouteRule>> = {
  "GET /": free,
  "GET /health": free,
  "GET /health/ready": free,
  "GET /public-key": free,
  "GET /.well-known/jwks.json": free,
  // The relay charges for itself, and gives back to whoever has a ticket.
  "POST /relay/:node/infer": free,
  "GET /v1/models": open,
  "GET /tariff": open,
  "GET /stats": open,
  "GET /openapi.json": open,
  "GET /docs": open,
  "POST /users": money,
  "POST /authorize": { ...money, own: "authorize" },
  "POST /transfers": money,
  "POST /nodes": { ...strict, knownBy: "node" },
  "POST /heartbeat": { ...usual, knownBy: "node", own: "heartbeat" },
  "POST /hardware/challenge": { ...strict, knownBy: "node" },
  "POST /hardware/next": { ...usual, knownBy: "node", own: "next" },
  "POST /hardware/commit": { ...strict, knownBy: "node" },
  "POST /hardware/verify": { ...strict, knownBy: "node" },
  "POST /receipts": statements,
  "POST /acknowledgements": statements,
  "POST /transactions/submit": statements,
};

/** @param route as it was registered: `GET /users/:id/balance` */
export const ruleOf = (route: string): RouteRule =>
  routes[route.replace(/^HEAD /, "GET ")] ?? usual;

export interface Rates {
  defaultPerHour: number;
  strictPerHour: number;
  heartbeatMs: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export interface Call {
  route: string;
  caller: Caller;
  source: Source;
  /** It asks again for what it was given: for a ticket that it has. */
  isRepeat: boolean;
}

/** Undefined where a call costs nothing: on this machine, and by strangers whom a network of their own let in. */
export function chargeOf(call: Call, rates: Rates): GuardedCharge | undefined {
  const { route, caller, source, isRepeat } = call;
  const { isStrict, isMoney, own } = ruleOf(route);
  if (isLocal(source)) return undefined;
  const from = originOf(source);
  switch (caller.kind) {
    case "known": {
      const isOwn = own !== undefined && !isRepeat;
      const bucket = `${isOwn ? own : "calls"} ${caller.id}`;
      return {
        bucket,
        isMoney,
        ...(isOwn ? ownRate(own, rates) : hourly(limits.accountCallsPerHour)),
      };
    }
    case "claimed": {
      const rate = { limit: limits.statementCallsPerMinute, windowMs: minuteMs };
      // By address inside too: else any of them uses up what another, whom it names, may send.
      const where = from ?? source.address;
      return { bucket: `statements ${route} ${caller.id} ${where}`, isMoney, ...rate };
    }
    case "stranger":
    case "anybody":
    case "impostor": {
      if (from === undefined) return undefined;
      const name = isStrict || caller.kind === "impostor" ? "strict" : "default";
      return { bucket: `${name} ${from}`, isMoney, ...hourly(rates[`${name}PerHour`]) };
    }
    default:
      return caller satisfies never;
  }
}

const hourly = (limit: number): Rate => ({ limit, windowMs: hourMs });

function ownRate(own: "authorize" | "heartbeat" | "next", { heartbeatMs }: Rates): Rate {
  if (own === "authorize") return hourly(limits.authorizationsPerHour);
  const seconds = Math.max(1, Math.ceil(heartbeatMs / 1_000));
  // Each of a node's GPUs asks as often as a node beats.
  const askers = own === "next" ? limits.provenGpus - 1 : 1;
  return { limit: seconds * limits.heartbeatsPerSecond * askers, windowMs: seconds * 1_000 };
}
