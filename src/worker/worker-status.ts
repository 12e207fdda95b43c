/** What a worker says of itself to whoever sits at the machine: `GET /status` and `troop status`. */
import type { Mesh } from "../host/mesh/mesh.ts";
import type { Audience } from "./guests/settings.ts";
import type { PresenceStatus } from "./idle/owner.ts";
import type { Yield } from "./idle/settings.ts";
import type { ProofStatus } from "./proof/proving.ts";
import type { NodeSnapshot, NodeStatus } from "../protocol/node.ts";

/** As any program at this machine may read it on the worker's port: which of the owner's programs run is not among it. */
export const statusOnPort = (status: WorkerStatus): WorkerStatus => ({
  ...status,
  presence: { ...status.presence, detail: null },
});

export interface WorkerStatus {
  node_id: string;
  owner: string;
  status: NodeStatus;
  url: string;
  coordinator: string;
  /** Relays that it is connected to. */
  relays: string[];
  slots: { active: number; total: number };
  multiplier: string;
  /** Where the multiplier comes from, and how the last proof went. */
  proof: ProofStatus;
  models: string[];
  engines: NodeSnapshot["engines"];
  /** Lines that the coordinator has not answered for yet. */
  receipts_waiting: number;
  mesh: Mesh;
  version: string;
  /** Whether the owner is there, and who says so. */
  presence: PresenceStatus;
  /** What becomes of running requests when the owner comes back, or pauses. */
  yield: Yield;
  lend_to: Audience;
}
