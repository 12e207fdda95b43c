/** What a worker says of itself to whoever sits at the machine: `GET /status` and `troop status`. */
import type { Mesh } from "../host/mesh/mesh.ts";
import type { NodeSnapshot, NodeStatus } from "../protocol/node.ts";

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
  models: string[];
  engines: NodeSnapshot["engines"];
  /** Lines that the coordinator has not answered for yet. */
  receipts_waiting: number;
  mesh: Mesh;
  version: string;
}
