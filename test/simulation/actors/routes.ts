/** The coordinator's routes that workers and clients use: each proof is checked, each body read, as behind HTTP. */
import type { Clock } from "../../../src/base/clock.ts";
import type { Node } from "../../../src/coordinator/accounts/node-store.ts";
import type { Registry } from "../../../src/coordinator/registry/registry.ts";
import type { Issuer } from "../../../src/coordinator/tickets/issue.ts";
import type { KeyRing } from "../../../src/coordinator/tickets/key-ring.ts";
import type { Redeemer } from "../../../src/coordinator/tickets/redeem.ts";
import type { HttpRequest } from "../../../src/host/http-transport.ts";
import { formatMultiplier } from "../../../src/protocol/credits.ts";
import { authorizeRequest, enrolNodeRequest } from "../../../src/protocol/endpoints.ts";
import { TroopError } from "../../../src/protocol/error-codes.ts";
import { heartbeatSchema } from "../../../src/protocol/node.ts";
import { checkProof } from "../../../src/protocol/proof.ts";
import { statementsRequest } from "../../../src/protocol/receipt.ts";
import type { Verifier } from "../../../src/protocol/signature.ts";
import { checkStatement, enrolmentBody } from "../../../src/protocol/statement.ts";
import { headers, oldestProtocolVersion } from "../../../src/protocol/version.ts";
import type { MemoryStore } from "../ledger/memory-store.ts";
import { coordinatorUrl } from "../world/world.ts";

export type EnrolledNodes = Map<string, Node>;

export interface RoutesParts {
  clock: Clock;
  verifier: Verifier;
  publicUrl: () => string;
  keyRing: KeyRing;
  store: MemoryStore;
  accounts: { accountOf(id: string): Promise<string | undefined> };
  registry: Registry;
  issuer: Issuer;
  redeemer: Redeemer;
  nodes: EnrolledNodes;
  multipliers: ReadonlyMap<string, number>;
  heartbeatMs: number;
}

/** @throws TroopError as the routes do */
export function createRoutes(parts: RoutesParts) {
  const { clock, verifier, keyRing, store, accounts, registry, issuer, redeemer, nodes } = parts;

  const prover = (call: HttpRequest) =>
    checkProof(verifier, call.headers[headers.proof], call, clock.now());
  const read = (call: HttpRequest): unknown => JSON.parse(call.body ?? "null");

  const routes: Record<string, (call: HttpRequest) => Promise<object>> = {
    "/.well-known/jwks.json": async () => keyRing.keySet,
    async "/authorize"(call) {
      const { id } = await prover(call);
      const account = await accounts.accountOf(id);
      if (!account) await store.addUser(id);
      return issuer.authorize(id, authorizeRequest.parse(read(call)));
    },
    async "/users"(call) {
      const { id } = await prover(call);
      return { account_id: id, created: await store.addUser(id) };
    },
    async "/peers"(call) {
      await prover(call);
      const { nodes: listed } = await registry.list();
      return { count: listed.length, nodes: listed.map(({ peer }) => peer) };
    },
    async "/nodes"(call) {
      const { id, jwk } = await prover(call);
      const { enrolment } = enrolNodeRequest.parse(read(call));
      const type = "troop-enrolment+jwt";
      const word = await checkStatement(
        ...([
          verifier,
          enrolment,
          type,
          coordinatorUrl,
          enrolmentBody,
          "invalid_enrolment",
        ] as const),
      );
      if (word.body.node !== id) throw new TroopError("node_key_mismatch");
      const { owner } = word.body;
      await store.addUser(owner);
      const multiplier = parts.multipliers.get(id) ?? 500;
      nodes.set(id, { id, owner, jwk, multiplier, hmacReceipts: false });
      return { node_id: id, owner, multiplier: formatMultiplier(multiplier) };
    },
    async "/heartbeat"(call) {
      const { id } = await prover(call);
      const node = nodes.get(id);
      if (!node) throw new TroopError("node_unknown");
      const { resend } = await registry.beat(node, heartbeatSchema.parse(read(call)), "127.0.0.1");
      return {
        interval_ms: parts.heartbeatMs,
        resend,
        key_set: keyRing.version,
        revoked: [],
        multiplier: formatMultiplier(node.multiplier),
        oldest_protocol: oldestProtocolVersion,
      };
    },
    async "/receipts"(call) {
      const { statements } = statementsRequest.parse(read(call));
      return { outcomes: await redeemer.redeemReceipts(statements) };
    },
    async "/acknowledgements"(call) {
      const { statements } = statementsRequest.parse(read(call));
      return { outcomes: await redeemer.redeemAcknowledgements(statements) };
    },
  };

  return (call: HttpRequest): Promise<object> => {
    const route = routes[call.url.slice(coordinatorUrl.length)];
    if (!route) throw new TroopError("not_found");
    return route(call);
  };
}
