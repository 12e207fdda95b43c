/** Leases and snapshots as they stand in Redis, and the keys that they stand under. */
import type { NodeSnapshot } from "../../protocol/node.ts";
import type { Lease } from "./lease.ts";

/** Long after a lease's end its order of beats still counts, so that no old beat revives the node. */
export const keptMs = 10 * 60_000;

/** @param prefix begins every key */
export const namesOf = (prefix: string) => ({
  lease: (node: string) => `${prefix}lease:${node}`,
  snapshot: (node: string) => `${prefix}snapshot:${node}`,
  /** Nodes by when their leases end. */
  live: `${prefix}live`,
  stream: `${prefix}leases`,
});

/** The beat's place in its order comes first, where the script finds it. */
export const writeLease = (lease: Lease): string =>
  `${lease.started}.${lease.counter} ${JSON.stringify(lease)}`;

/** What this program wrote. */
export const readLease = (text: string): Lease =>
  JSON.parse(text.slice(text.indexOf(" "))) as Lease;

export const writeSnapshot = (id: string, snapshot: NodeSnapshot): string =>
  `${id} ${JSON.stringify(snapshot)}`;

export function readSnapshot(text: string): { snapshotId: string; snapshot: NodeSnapshot } {
  const end = text.indexOf(" ");
  return {
    snapshotId: text.slice(0, end),
    snapshot: JSON.parse(text.slice(end)) as NodeSnapshot,
  };
}
