/** One suite for both places where leases live. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRedisDatabase, type TestService } from "../../../test/support/services.ts";
import { systemClock } from "../../base/clock.ts";
import { systemRandom } from "../../base/random.ts";
import { createLog } from "../../host/log.ts";
import { leaseOf, snapshotOf } from "./lease.fixture.ts";
import type { Leases } from "./leases.ts";
import { createMemoryLeases } from "./memory-leases.ts";
import { redisAt } from "../redis-connection.ts";
import { openRedisLeases } from "./redis-leases.ts";

describe.each(["memory", "Redis"] as const)("leases in %s", (kind) => {
  let service: TestService | undefined;
  let leases: Leases;
  beforeAll(async () => {
    if (kind === "Redis") service = await createRedisDatabase();
    const parts = { clock: systemClock, random: systemRandom, log: createLog("silent") };
    leases = service
      ? await openRedisLeases({
          ...parts,
          ...{ connect: redisAt({ ...parts, url: service.url }), prefix: "test:" },
        })
      : createMemoryLeases();
  });
  afterAll(async () => {
    await leases[Symbol.asyncDispose]();
    await service?.[Symbol.asyncDispose]();
  });

  const liveAt = async (now: number, node: string) =>
    (await leases.live(now)).find(({ lease }) => lease.node === node);

  test("an unknown node has none", async () => {
    expect(await leases.read("nobody")).toBeUndefined();
    expect(await liveAt(0, "nobody")).toBeUndefined();
  });

  test("what was written is read back, with the snapshot that came along or the one before", async () => {
    const first = leaseOf("a");
    expect(await leases.write(first, snapshotOf("1"))).toBe(first);
    expect(await leases.read("a")).toEqual(first);
    const second = leaseOf("a", { counter: 2, status: "BUSY" });
    expect(await leases.write(second, undefined)).toBe(second);
    expect(await liveAt(0, "a")).toEqual({ lease: second, snapshot: snapshotOf("1") });
  });

  test("whatever order beats come in, the last one sent stays, and the others are told of it", async () => {
    const [second, third] = [leaseOf("b", { counter: 2 }), leaseOf("b", { counter: 3 })];
    await leases.write(leaseOf("b"), snapshotOf("1"));
    expect(await leases.write(third, undefined)).toBe(third);
    expect(await leases.write(second, undefined)).toEqual(third);
    expect(await leases.write(leaseOf("b", { counter: 3 }), undefined)).toEqual(third);
    expect(await leases.read("b")).toEqual(third);
    const restarted = leaseOf("b", { started: 2, counter: 0 });
    expect(await leases.write(restarted, undefined)).toBe(restarted);
    expect(await leases.write(leaseOf("b", { counter: 9 }), undefined)).toEqual(restarted);
  });

  test("leases that have ended are not live, but their order is remembered", async () => {
    await leases.write(leaseOf("c", { endsAt: 5_000 }), snapshotOf("1"));
    await leases.write(leaseOf("d", { endsAt: 6_000 }), snapshotOf("1"));
    expect(await liveAt(5_000, "d")).toBeDefined();
    expect(await liveAt(5_000, "c")).toBeUndefined();
    expect(await leases.read("c")).toMatchObject({ counter: 1 });
  });
});
