/** Where leases live: what `memory-leases.ts` and `redis-leases.ts` both do, held to one suite of tests. */
import type { NodeSnapshot } from "../../protocol/node.ts";
import type { HeldLease, Lease } from "./lease.ts";

export interface Leases extends AsyncDisposable {
  read(node: string): Promise<Lease | undefined>;
  /**
   * Writes `next` where the lease still is `previous`; false where another beat was faster.
   * @param snapshot the one that came with the beat; without it the one held before stays
   */
  replace(
    previous: Lease | undefined,
    next: Lease,
    snapshot: NodeSnapshot | undefined,
  ): Promise<boolean>;
  /** Leases that end after `now`, with their snapshots. */
  live(now: number): Promise<HeldLease[]>;
  /** One lease with its snapshot, ended or not. */
  find(node: string): Promise<HeldLease | undefined>;
}
