/** Which of the nodes that offer a model a ticket is for: the one asked for, or a free one by the rule that clients use too. Pure. */
import type { Random } from "../../base/random.ts";
import type { AuthorizeRequest } from "../../protocol/endpoints.ts";
import { freeSlots, selectPeer } from "../../protocol/selection.ts";
import type { ListedNode } from "../registry/registry.ts";

/** Undefined where the named node is not among them, or where none is free. */
export function chooseNode(
  offering: readonly ListedNode[],
  { model, node: wanted, exclude = [] }: Pick<AuthorizeRequest, "model" | "node" | "exclude">,
  random: Random,
): ListedNode | undefined {
  // Who names a node may wait for it: a busy one is given too.
  if (wanted !== undefined) return offering.find(({ lease }) => lease.node === wanted);
  const free = offering
    .map(({ peer }) => peer)
    .filter((peer) => peer.status === "IDLE" && freeSlots(peer) > 0);
  const best = selectPeer(free, { model, exclude: new Set(exclude) }, random);
  return best && offering.find(({ peer }) => peer === best);
}
