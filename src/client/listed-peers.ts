/** The nodes that lists of models are made from. */
import type { Peer } from "../protocol/node.ts";
import type { Peers } from "./peers.ts";

/** An old list is better than none while the coordinator is away. @throws TroopError where there is none at all */
export async function listedPeers(peers: Peers): Promise<readonly Peer[]> {
  try {
    return await peers.list();
  } catch (error) {
    if (peers.ageMs() === undefined) throw error;
    return peers.known();
  }
}
