/** Which node a request goes to. Pure. */
import type { Random } from "../base/random.ts";
import type { Peer } from "../protocol/node.ts";
import { offers, selectPeer, type Wish } from "../protocol/selection.ts";
import type { Ticket } from "./ticket.ts";

export interface RoutingFacts {
  peers: readonly Peer[];
  /** Usable tickets for the wished model. */
  warm: readonly Ticket[];
  /** Nodes that failed a moment ago: used only where there is no other. */
  avoid: ReadonlySet<string>;
}

/**
 * A node with a warm ticket and, as far as we know, a free slot, the one last used first: its prefix cache holds
 * the conversation. Else the rule that all share. Else a warm node although it is full. Undefined where none is left.
 */
export function chooseNode(
  { peers, warm, avoid }: RoutingFacts,
  wish: Wish,
  random: Random,
): string | undefined {
  const usable = warm
    .filter(({ node }) => !wish.exclude.has(node.node_id) && offers(node, wish))
    .toSorted((left, right) => right.lastUsedAt - left.lastUsedAt);
  const isPreferred = (ticket: Ticket) => !avoid.has(ticket.node.node_id);
  const roomy = usable.find((ticket) => isPreferred(ticket) && hasRoom(ticket, peers));
  if (roomy) return roomy.node.node_id;
  const gentle = { ...wish, exclude: new Set([...wish.exclude, ...avoid]) };
  const chosen = selectPeer(peers, gentle, random) ?? usable.find(isPreferred)?.node;
  return (chosen ?? selectPeer(peers, wish, random) ?? usable[0]?.node)?.node_id;
}

/** Our own requests there are what we know best; the list's count of free slots is seconds old. */
function hasRoom({ node, running }: Ticket, peers: readonly Peer[]): boolean {
  const listed = peers.find(({ node_id }) => node_id === node.node_id) ?? node;
  return running < Math.max(1, listed.slots.total);
}
