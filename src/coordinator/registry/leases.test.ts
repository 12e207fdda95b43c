/** One suite for both places where leases live. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRedisDatabase, type TestService } from "../../../test/support/services.ts";
import { createLog } from "../../host/log.ts";
import type { NodeSnapshot } from "../../protocol/node.ts";
import type { Lease } from "./lease.ts";
import type { Leases } from "./leases.ts";
import { createMemoryLeases } from "./memory-leases.ts";
import { createRedisLeases } from "./redis-leases.ts";

const snapshot = (version: string): NodeSnapshot => ({
  port: 8_080,
  hosts: [],
  hardware: { platform: "linux", cpu: "c", cores: 1, memory_bytes: 1, gpus: [] },
  engines: [],
  models: [{ name: "m", capabilities: ["chat"], loaded: true }],
  version,
});
const leaseOf = (node: string, fields: Partial<Lease> = {}): Lease => ({
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

describe.each(["memory", "Redis"] as const)("leases in %s", (kind) => {
  let service: TestService | undefined;
  let leases: Leases;
  beforeAll(async () => {
    if (kind === "Redis") service = await createRedisDatabase();
    leases = service
      ? createRedisLeases({ url: service.url, prefix: "test:", log: createLog("silent") })
      : createMemoryLeases();
  });
  afterAll(async () => {
    await leases[Symbol.asyncDispose]();
    await service?.[Symbol.asyncDispose]();
  });

  test("an unknown node has none", async () => {
    expect(await leases.read("nobody")).toBeUndefined();
    expect(await leases.find("nobody")).toBeUndefined();
  });

  test("what was written is read back, with the snapshot that came along or the one before", async () => {
    const first = leaseOf("a");
    expect(await leases.replace(undefined, first, snapshot("1"))).toBe(true);
    expect(await leases.read("a")).toEqual(first);
    const second = leaseOf("a", { counter: 2, status: "BUSY" });
    expect(await leases.replace(await leases.read("a"), second, undefined)).toBe(true);
    expect(await leases.find("a")).toEqual({ lease: second, snapshot: snapshot("1") });
  });

  test("of two beats that saw the same lease one wins", async () => {
    await leases.replace(undefined, leaseOf("b"), snapshot("1"));
    const seen = await leases.read("b");
    const written = await Promise.all(
      [2, 3, 4].map((counter) => leases.replace(seen, leaseOf("b", { counter }), undefined)),
    );
    expect(written.filter(Boolean)).toHaveLength(1);
    expect(await leases.replace(undefined, leaseOf("b", { counter: 9 }), undefined)).toBe(false);
  });

  test("leases that have ended are not live, but their order is remembered", async () => {
    await leases.replace(undefined, leaseOf("c", { endsAt: 5_000 }), snapshot("1"));
    await leases.replace(undefined, leaseOf("d", { endsAt: 6_000 }), snapshot("1"));
    const live = (await leases.live(5_000)).map(({ lease }) => lease.node);
    expect(live).toContain("d");
    expect(live).not.toContain("c");
    expect(await leases.read("c")).toMatchObject({ counter: 1 });
  });
});
