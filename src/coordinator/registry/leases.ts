/** Where leases live: what `memory-leases.ts` and `redis-leases.ts` both do, held to one suite of tests. */
import type { NodeSnapshot } from "../../protocol/node.ts";
import type { HeldLease, Lease } from "./lease.ts";

export interface Leases extends AsyncDisposable {
  read(node: string): Promise<Lease | undefined>;
  /**
   * Writes `next`, unless another beat of the node, as new or newer, was faster.
   * @param snapshot the one that came with the beat; without it the one held before stays
   * @returns the lease that is held then: `next` itself, or the one that is not older
   */
  write(next: Lease, snapshot: NodeSnapshot | undefined): Promise<Lease>;
  /** Leases that end after `now`, with their snapshots. */
  live(now: number): Promise<HeldLease[]>;
}
