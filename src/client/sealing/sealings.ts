/**
 * What a ticket's requests are sealed with. The node's statement of its key is checked, against its owner's word and
 * against what is remembered of the node; only then is anything sealed to it.
 */
import type { Random } from "../../base/random.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { checkKeyStatement, type NodeKey, supersedes } from "../../protocol/key-statement.ts";
import { createSealingSession, type SealingSession } from "../../protocol/sealed-stream-session.ts";
import type { Verifier } from "../../protocol/signature.ts";
import { isAllowed, type NodePolicy } from "./node-policy.ts";
import type { PinsStore } from "./pins-store.ts";

export interface Sealing {
  readonly key: NodeKey;
  readonly session: SealingSession;
}

export interface Sealings {
  /**
   * @param token the ticket
   * @param node its audience
   * @throws TroopError `key_statement_invalid`, `key_statement_expired`, `wrong_node`, `invalid_enrolment`,
   *   `node_key_changed`, `node_not_allowed`
   */
  begin(token: string, node: string, statement: string | undefined): Promise<Sealing>;
  /**
   * The node holds another key now, and says so in `statement`.
   * @throws TroopError as `begin`, also where that key does not take the place of the former
   */
  renew(token: string, former: Sealing, statement: string | undefined): Promise<Sealing>;
}

export interface SealingsParts {
  verifier: Verifier;
  pins: PinsStore;
  policy: NodePolicy;
  /** The coordinator's public base. */
  audience: string;
  /** Coordinator time, ms. */
  now: () => number;
  random: Random;
}

export function createSealings(parts: SealingsParts): Sealings {
  const { verifier, pins, policy, audience, now, random } = parts;

  async function check(node: string, statement: string | undefined): Promise<NodeKey> {
    if (statement === undefined)
      throw new TroopError("key_statement_invalid", "The node states no key to seal to.");
    const pin = pins.find(node);
    const expected = { audience, node, now: now(), pinnedOwner: pin?.owner };
    const key = await checkKeyStatement(verifier, statement, expected);
    if (!isAllowed(policy, key)) throw new TroopError("node_not_allowed");
    // An older statement, however genuine, may be that of a key that was stolen since.
    if (pin?.key && key.kid !== pin.key.kid && !supersedes(key, pin.key))
      throw new TroopError("key_statement_expired", "The node has stated a newer key before.");
    return key;
  }

  function open(token: string, key: NodeKey): Sealing {
    const { node, boot, kid, publicKey } = key;
    const binding = { ticket: token, node, boot };
    const session = createSealingSession({ ...binding, key: { kid, publicKey }, random });
    // Whoever could not be sealed to is not remembered.
    pins.remember(key, now());
    return { key, session };
  }

  return {
    async begin(token, node, statement) {
      return open(token, await check(node, statement));
    },
    async renew(token, former, statement) {
      const key = await check(former.key.node, statement);
      if (!supersedes(key, former.key))
        throw new TroopError("key_statement_invalid", "The node's other key is not a newer one.");
      return open(token, key);
    },
  };
}
