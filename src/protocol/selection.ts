/** Which node to use. Pure; the client and the coordinator rank with this same rule. */
import type { Random } from "../base/random.ts";
import type { Capability, Peer } from "./node.ts";
import { wellReputed } from "./reputation.ts";

export interface Wish {
  model: string;
  /** Without it any capability of the model will do. */
  capability?: Capability | undefined;
  /** Nodes that must not be used, such as those that just failed. */
  exclude: ReadonlySet<string>;
}

export const freeSlots = ({ slots }: Peer): number => Math.max(0, slots.total - slots.active);

export const offers = (
  peer: Peer,
  { model, capability }: Pick<Wish, "model" | "capability">,
): boolean =>
  peer.models.some(
    (offered) =>
      offered.name === model && (!capability || offered.capabilities.includes(capability)),
  );

export const candidatesFor = (peers: readonly Peer[], wish: Wish): Peer[] =>
  peers.filter((peer) => !wish.exclude.has(peer.node_id) && offers(peer, wish));

/** True where `left` is to be preferred: a free node, then a larger share of free slots, then a faster one. */
function isBetter(left: Peer, right: Peer): boolean {
  const isFree = (peer: Peer) => peer.status === "IDLE" && freeSlots(peer) > 0;
  if (isFree(left) !== isFree(right)) return isFree(left);
  const share = (peer: Peer) => freeSlots(peer) / Math.max(1, peer.slots.total);
  if (share(left) !== share(right)) return share(left) > share(right);
  return Number(left.multiplier) > Number(right.multiplier);
}

/**
 * The better of two nodes drawn at random (power of two choices) of those whose record does not leave them out:
 * nearly as even as asking everyone, and clients that decide at the same instant do not all pick the same node.
 * Undefined where none qualifies.
 */
export function selectPeer(peers: readonly Peer[], wish: Wish, random: Random): Peer | undefined {
  const candidates = wellReputed(
    candidatesFor(peers, wish),
    ({ reputation }) => reputation,
    random,
  );
  const first = candidates[Math.floor(random.fraction() * candidates.length)];
  if (!first || candidates.length === 1) return first;
  const others = candidates.filter((peer) => peer !== first);
  const second = others[Math.floor(random.fraction() * others.length)]!;
  return isBetter(second, first) ? second : first;
}
