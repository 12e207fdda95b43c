/** Whose worker knocks: the node's own proof of the call, taken once. */
import type { IncomingMessage } from "node:http";
import { boundedMap } from "../base/bounded-map.ts";
import { relayPath } from "../host/relay-session.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { checkProof } from "../protocol/proof.ts";
import type { Verifier } from "../protocol/signature.ts";
import { headers } from "../protocol/version.ts";

export interface ProvenNode {
  node: string;
  provenAt: number;
}

export interface ProveNodeParts {
  verifier: Verifier;
  /** As workers and clients reach the relay. Known once its port is. */
  url: () => string;
  /** Coordinator time, ms. */
  now: () => number;
}

/** More than knock within a proof's minute. */
const keptProofs = 50_000;

/** @throws TroopError `missing_proof`, `invalid_proof`, `clock_skew` */
export function createProveNode({ verifier, url, now }: ProveNodeParts) {
  const taken = boundedMap<string, true>(keptProofs);
  return async (request: IncomingMessage): Promise<ProvenNode> => {
    const proof = request.headers[headers.proof];
    const call = { method: "GET", url: url() + relayPath };
    const text = typeof proof === "string" ? proof : undefined;
    const { id, jti, provenAt } = await checkProof(verifier, text, call, now());
    const name = `${id}.${jti}`;
    if (taken.has(name)) throw new TroopError("invalid_proof", "The proof was used before.");
    taken.set(name, true);
    return { node: id, provenAt };
  };
}
