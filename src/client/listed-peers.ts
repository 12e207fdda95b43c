/** The nodes that lists of models are made from. */
import type { Peer } from "../protocol/node.ts";
import type { Peers } from "./peers.ts";

/** Somebody may have begun to lend since: that nobody does is believed for less long. Bounds the calls of who asks again. */
const emptyMs = 5_000;

/** An old list is better than none while the coordinator is away. @throws TroopError where there is none at all */
export async function listedPeers(peers: Peers): Promise<readonly Peer[]> {
  try {
    const listed = await peers.list();
    return listed.length > 0 ? listed : await peers.list(emptyMs);
  } catch (error) {
    if (peers.ageMs() === undefined) throw error;
    return peers.known();
  }
}
