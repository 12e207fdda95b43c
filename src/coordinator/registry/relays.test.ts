/** Relays that a node names: clients are sent to those that the coordinator allows, and to no other URL. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import type { Heartbeat, NodeSnapshot } from "../../protocol/node.ts";
import { createMemoryLeases } from "./memory-leases.ts";
import { introduced } from "./peer.ts";
import { createRegistry } from "./registry.ts";

const allowed = "https://relay.example";
const node = {
  ...{ id: "n".repeat(43), owner: "o".repeat(43), multiplier: 10_000, enrolledAt: 0 },
  jwk: { kty: "OKP", crv: "Ed25519", x: "x".repeat(43) },
} as const;

async function listed(snapshot: Partial<NodeSnapshot>, source: string) {
  const clock = createFakeClock();
  const registry = createRegistry({
    ...{ leases: createMemoryLeases(), clock, addressPolicy: "private", heartbeatMs: 10_000 },
    isRelayAllowed: (url) => url === allowed,
  });
  const beat: Heartbeat = {
    ...{ started: 1, counter: 1, protocol: 1, status: "IDLE", running: [] },
    slots: { active: 0, total: 1 },
    snapshot_id: "00000000-0000-4000-8000-000000000000",
    snapshot: {
      ...{ port: 8_080, hosts: [], engines: [], models: [], version: "1" },
      hardware: { platform: "linux", cpu: "x", cores: 1, memory_bytes: 1, gpus: [] },
      ...snapshot,
    },
  };
  await registry.beat(node as never, beat, source);
  const { nodes } = await registry.list();
  return nodes.map((each) => introduced(each.peer, each.lease, each.snapshot))[0]!;
}

test("only allowed relays are passed on, whatever a node names", async () => {
  const relays = ["http://169.254.169.254/", allowed, `${allowed}.evil.example`, `${allowed}/x`];
  const peer = await listed({ relays }, "100.64.0.1");
  expect(peer.relay).toEqual([allowed]);
  expect(peer.addresses).toEqual(["100.64.0.1:8080"]);
});

test("a node behind a relay needs no address of its own, and gets none that it did not state", async () => {
  const peer = await listed({ relays: [allowed], hosts: ["127.0.0.1"] }, "8.8.8.8");
  expect(peer).toMatchObject({ relay: [allowed], addresses: [] });
  const inside = await listed({ relays: [allowed], hosts: ["127.0.0.1"] }, "10.0.0.7");
  expect(inside).toMatchObject({ relay: [allowed], addresses: [] });
});

test("a node that nobody can reach, by address or by relay, is told so", async () => {
  const attempt = listed({ relays: ["https://other.example"] }, "8.8.8.8");
  await expect(attempt).rejects.toMatchObject({ code: "invalid_address" });
});
