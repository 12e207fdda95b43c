/**
 * A node's lease: its timed claim to be listed, renewed by heartbeats. Pure.
 *
 *     unknown ──beat with snapshot──▶ listed ──beat──▶ listed … ──silence──▶ ended
 *        └──beat without──▶ asked to resend, not listed ──beat with snapshot──▶ listed
 *
 * Beats are ordered by (started, counter): an older one changes nothing, also after a clock was set back.
 */
import type { Provenance } from "../../protocol/hardware-proof/wire.ts";
import type { Heartbeat, NodeSnapshot, NodeStatus } from "../../protocol/node.ts";
import type { PublicJwk } from "../../protocol/signature.ts";

export interface Lease {
  node: string;
  owner: string;
  jwk: PublicJwk;
  /** Ten-thousandths, as it was at the last beat. */
  multiplier: number;
  /** Absent as long as nothing was proven. */
  provenance?: Provenance | undefined;
  /** Larger models of it are not offered; absent where nobody measured its memory. */
  memoryBytes?: number | undefined;
  /** Coordinator time, ms: until then it is not listed. */
  quarantinedUntil?: number | undefined;
  started: number;
  counter: number;
  status: NodeStatus;
  slots: { active: number; total: number };
  /** Ids of holds that the node works on at this moment. */
  running: string[];
  /** Hosts at which clients may dial it. */
  hosts: string[];
  /** The snapshot that the last beat spoke of, and the one that is held here. */
  snapshotId: string;
  heldSnapshotId: string | null;
  /** Coordinator time, ms. */
  endsAt: number;
}

/** A lease with the snapshot that is held for it. */
export interface HeldLease {
  lease: Lease;
  snapshot: NodeSnapshot | undefined;
}

export interface BeatContext {
  node: string;
  owner: string;
  jwk: PublicJwk;
  multiplier: number;
  provenance?: Provenance | undefined;
  memoryBytes?: number | undefined;
  quarantinedUntil?: number | undefined;
  hosts: string[];
  /** When a lease renewed now ends, ms. */
  endsAt: number;
}

export type Renewal =
  { kind: "renewed"; lease: Lease } | { kind: "stale"; started: number; counter: number };

type Turn = Pick<Lease, "started" | "counter">;

/** Of two beats of one node, whether the first was sent later. */
export const isNewer = (beat: Turn, other: Turn): boolean =>
  beat.started > other.started || (beat.started === other.started && beat.counter > other.counter);

export function nextLease(
  previous: Lease | undefined,
  beat: Heartbeat,
  context: BeatContext,
): Renewal {
  if (previous && !isNewer(beat, previous))
    return { kind: "stale", started: previous.started, counter: previous.counter };
  return {
    kind: "renewed",
    lease: {
      ...context,
      started: beat.started,
      counter: beat.counter,
      status: beat.status,
      slots: beat.slots,
      running: beat.running,
      snapshotId: beat.snapshot_id,
      heldSnapshotId: beat.snapshot ? beat.snapshot_id : (previous?.heldSnapshotId ?? null),
    },
  };
}

/** True where the coordinator must ask for the full snapshot again. */
export const lacksSnapshot = (lease: Lease): boolean => lease.heldSnapshotId !== lease.snapshotId;

export const isLive = (lease: Lease, now: number): boolean => lease.endsAt > now;

/** IDLE and BUSY nodes with a known snapshot are listed; the others, and those in quarantine, are not offered. */
export const isListed = (lease: Lease, now: number): boolean =>
  isLive(lease, now) &&
  !lacksSnapshot(lease) &&
  (lease.quarantinedUntil ?? 0) <= now &&
  (lease.status === "IDLE" || lease.status === "BUSY");
