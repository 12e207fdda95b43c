/** Finds the node for a request from what is known: the list, warm tickets, and who failed a moment ago. */
import { boundedMap } from "../base/bounded-map.ts";
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { Log } from "../host/log.ts";
import type { Capability, Peer } from "../protocol/node.ts";
import type { Peers } from "./peers.ts";
import { isAllowed, isRestricted, type NodePolicy } from "./sealing/node-policy.ts";
import { chooseNode } from "./routing.ts";
import type { Tickets } from "./tickets.ts";

export type Found =
  | { kind: "node"; node: string }
  /** There is no list to choose from: `node` is left to the coordinator. */
  | { kind: "any"; node: undefined }
  /** No node that is not excluded offers the model. */
  | { kind: "nobody" };

export interface NodeFinder {
  /**
   * Waits for the coordinator only where no node with a warm ticket will do.
   * @throws TroopError why there is no list young enough to tell that nobody offers the model
   */
  find(
    model: string,
    capability: Capability | undefined,
    exclude: ReadonlySet<string>,
  ): Promise<Found>;
  /** This node failed: for a while it is used only where there is no other. */
  avoid(node: string): void;
}

export interface NodeFinderParts {
  peers: Peers;
  tickets: Tickets;
  clock: Clock;
  random: Random;
  log: Log;
  policy: NodePolicy;
}

const avoidMs = 30_000;
const avoidedMost = 256;
/** Old enough to be wrong, good enough to begin with: a node that has left is found out by asking it. */
const usableListMs = 60_000;
/** Young enough to believe that nobody is there. Bounds the calls that a wrong model name causes. */
const freshListMs = 5_000;

export function createNodeFinder({
  peers,
  tickets,
  policy,
  clock,
  random,
  log,
}: NodeFinderParts): NodeFinder {
  const avoidedUntil = boundedMap<string, number>(avoidedMost);

  function avoided(): Set<string> {
    const now = clock.monotonic();
    const current = [...avoidedUntil.entries()].filter(([, until]) => until > now);
    return new Set(current.map(([node]) => node));
  }

  async function listed(maxAgeMs: number): Promise<{ list: readonly Peer[]; failure?: unknown }> {
    try {
      return { list: await peers.list(maxAgeMs) };
    } catch (error) {
      log.debug({ err: error }, "nodes cannot be listed");
      return { list: peers.known(), failure: error };
    }
  }

  return {
    async find(model, capability, exclude) {
      const wish = { model, capability, exclude };
      const warm = tickets.warm(model);
      // What the list says of owners is the coordinator's word; it is checked with the ticket.
      const isOpen = ({ node_id: node, owner }: Peer) => isAllowed(policy, { node, owner });
      const choose = (list: readonly Peer[]) =>
        chooseNode({ peers: list.filter(isOpen), warm, avoid: avoided() }, wish, random);
      const known = warm.length > 0 ? peers.known() : (await listed(usableListMs)).list;
      const first = choose(known);
      if (first) return { kind: "node", node: first };
      const { list, failure } = await listed(freshListMs);
      const node = choose(list);
      if (node) return { kind: "node", node };
      const hasList = peers.ageMs() !== undefined;
      if (!hasList && !isRestricted(policy)) return { kind: "any", node: undefined };
      // An old list does not show that nobody is there.
      if (failure && (exclude.size === 0 || !hasList)) throw failure as Error;
      // Whoever asks few asks them alone, and tells nobody what for.
      if (exclude.size === 0 && !isRestricted(policy)) peers.wish(model);
      return { kind: "nobody" };
    },
    avoid: (node) => avoidedUntil.set(node, clock.monotonic() + avoidMs),
  };
}
