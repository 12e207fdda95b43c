/** A node's lease and snapshot, as tests write them. */
import type { NodeSnapshot } from "../../protocol/node.ts";
import type { Lease } from "./lease.ts";

export const snapshotOf = (version: string): NodeSnapshot => ({
  port: 8_080,
  hosts: [],
  hardware: { platform: "linux", cpu: "c", cores: 1, memory_bytes: 1, gpus: [] },
  engines: [],
  models: [{ name: "m", capabilities: ["chat"], loaded: true }],
  version,
});

export const leaseOf = (node: string, fields: Partial<Lease> = {}): Lease => ({
  node,
  owner: "o",
  jwk: { kty: "OKP", crv: "Ed25519", x: "x" },
  multiplier: 500,
  started: 1,
  counter: 1,
  status: "IDLE",
  slots: { active: 0, total: 1 },
  running: ["6f3f0f6c-2a1b-4e5c-9d7e-41a5b0c8d2e3"],
  hosts: ["127.0.0.1"],
  snapshotId: "s1",
  heldSnapshotId: "s1",
  endsAt: 1_000,
  ...fields,
});
