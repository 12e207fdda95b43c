/**
 * What a ticket's requests are sealed with. The node's statement of its key is checked, against its owner's word and
 * against what is remembered of the node; only then is anything sealed to it.
 */
import type { Random } from "../../base/random.ts";
import { shellWord } from "../../host/shell-word.ts";
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
  /** Where `troop` keeps its files, if it must be told: it stands in the commands that people are to type. */
  home?: string | undefined;
}

export function createSealings(parts: SealingsParts): Sealings {
  const { verifier, pins, policy, audience, now, random, home } = parts;

  async function check(node: string, statement: string | undefined): Promise<NodeKey> {
    if (statement === undefined)
      throw new TroopError("key_statement_invalid", "The node states no key to seal to.");
    const expected = { audience, node, now: now() };
    const key = await checkKeyStatement(verifier, statement, expected);
    checkPin(key);
    if (!isAllowed(policy, key)) throw new TroopError("node_not_allowed");
    return key;
  }

  function checkPin(key: NodeKey): void {
    const pin = pins.find(key.node);
    if (pin && pin.owner !== key.owner) throw keyChanged(key, home);
    // An older statement, however genuine, may be that of a key that was stolen since.
    if (pin?.key && key.kid !== pin.key.kid && !supersedes(key, pin.key))
      throw new TroopError("key_statement_expired", "The node has stated a newer key before.");
  }

  function open(token: string, key: NodeKey): Sealing {
    const { node, boot, kid, publicKey } = key;
    const binding = { ticket: token, node, boot };
    const session = createSealingSession({ ...binding, key: { kid, publicKey }, random });
    // Whoever could not be sealed to is not remembered. Others may have met the node meanwhile.
    if (!pins.remember(key, now())) checkPin(key);
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

/** Says what to type, whole: whoever reads it may be far from this file, in a chat window. */
function keyChanged({ node, owner }: NodeKey, home: string | undefined): TroopError {
  const data = home === undefined ? "" : `--data ${shellWord(home)} `;
  const run = `troop nodes ${data}accept ${node} ${owner}`;
  const message = `Node ${node} is vouched for by another key than the one remembered for it. If its owner says that this is right, type: ${run}`;
  return new TroopError("node_key_changed", message, { details: { node, owner, run } });
}
