/** Enrolment: a node's key and its owner's key both say that they belong together. */
import type { Clock } from "../../base/clock.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import { checkStatement, enrolmentBody } from "../../protocol/statement.ts";
import type { Verifier } from "../../protocol/signature.ts";
import type { Database } from "../database.ts";
import type { Accounts, ProvenKey } from "./accounts.ts";
import type { Joining } from "./joining.ts";
import { findNode, insertNode, type Node } from "./node-store.ts";
import { createRemembered } from "./remembered.ts";

/** Until a node has proven its hardware it counts as a twentieth of an RTX 3060. */
export const unprovenMultiplier = 500;

export type Nodes = ReturnType<typeof createNodes>;

/** A node's owner changes only by a new enrolment, which comes through here or through another replica. */
const freshMs = 60_000;
const most = 50_000;

export interface NodesOptions {
  database: Database;
  clock: Clock;
  verifier: Verifier;
  accounts: Pick<Accounts, "accountNow">;
  joining: Pick<Joining, "admit">;
  /** Known once the port is. */
  publicUrl: () => string;
}

export function createNodes(options: NodesOptions) {
  const { database, clock, verifier, accounts, joining, publicUrl } = options;
  const remembered = createRemembered<Node>({ clock, freshMs, most });

  /** While the books are away as they last had it, a minute longer: so long beats go on. */
  const find = (id: string) => remembered.findMeanwhile(id, () => findNode(database, id));

  return {
    find,

    /** As the books have it now: for whom credits are moved. @throws TroopError `ledger_unavailable` */
    now: (id: string) => remembered.read(id, () => findNode(database, id)),

    /** Something of it changed. */
    forget: remembered.forget,

    /** For what only a node does. @throws TroopError `node_unknown`, `node_revoked` */
    async live(id: string): Promise<Node> {
      const node = await find(id);
      if (!node) throw new TroopError("node_unknown");
      if (node.isRevoked) throw new TroopError("node_revoked");
      return node;
    },

    /**
     * Binds the node that proved the call to the account that signed `enrolment`; the account is made, without
     * starter credits, where it is new.
     * @throws TroopError `invalid_enrolment`, `invalid_proof`, `node_key_mismatch`, `node_limit`, `join_required`,
     *   `node_revoked`
     */
    async enrol(prover: ProvenKey, enrolment: string, hmacReceipts = false): Promise<Node> {
      const { signer, jwk, body } = await checkStatement(
        verifier,
        enrolment,
        "troop-enrolment+jwt",
        publicUrl(),
        enrolmentBody,
        "invalid_enrolment",
      );
      if (body.node !== prover.id) throw new TroopError("node_key_mismatch");
      // Who has only one key names itself: what that key acts for is looked up, or made.
      const owner =
        signer === body.owner
          ? await joining.admit({ id: signer, jwk })
          : await accounts.accountNow(signer);
      if (owner === undefined || (signer !== body.owner && owner !== body.owner)) {
        throw new TroopError("invalid_enrolment", "The enrolment is not signed by its owner.");
      }
      const earlier = await findNode(database, prover.id);
      if (earlier?.isRevoked) throw new TroopError("node_revoked");
      const node: Node = {
        id: prover.id,
        owner,
        jwk: prover.jwk,
        multiplier: earlier?.multiplier ?? unprovenMultiplier,
        hmacReceipts,
      };
      const isBound = await insertNode(database, node, limits.nodesPerAccount, clock.now());
      if (!isBound) throw new TroopError("node_limit");
      remembered.forget(node.id);
      return node;
    },
  };
}
