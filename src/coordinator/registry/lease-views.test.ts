/** What replicas know of nodes: of each other's beats, without Redis, and once it is back with nothing in it. */
import { Redis } from "ioredis";
import { expect, test, vi } from "vitest";
import { createRedisDatabase } from "../../../test/support/services.ts";
import { systemClock } from "../../base/clock.ts";
import { systemRandom } from "../../base/random.ts";
import { createLog } from "../../host/log.ts";
import { createWay } from "../way.fixture.ts";
import { isListed } from "./lease.ts";
import { leaseOf, snapshotOf } from "./lease.fixture.ts";
import type { Leases } from "./leases.ts";
import { redisAt } from "../redis-connection.ts";
import { openRedisLeases } from "./redis-leases.ts";

const start = 1_700_000_000_000;
const leaseMs = 30_000;
const patience = { timeout: 10_000, interval: 20 };

/** Time is the test's, but for how often Redis is tried. */
function createReplicas() {
  let now = start;
  let isDeaf = false;
  const parts = {
    ...{ random: systemRandom, log: createLog("silent"), prefix: "test:" },
    clock: { ...systemClock, now: () => now },
  };
  const beat = (leases: Leases, node: string, counter: number, snapshotId = "s1") =>
    leases.write(
      leaseOf(node, {
        ...{ counter, snapshotId, endsAt: now + leaseMs },
        heldSnapshotId: counter === 1 ? snapshotId : "s1",
      }),
      counter === 1 ? snapshotOf(`of ${node}`) : undefined,
    );
  const listed = async (leases: Leases) =>
    (await leases.live(now)).flatMap(({ lease, snapshot }) =>
      isListed(lease, now) ? [`${lease.node}.${lease.counter} ${snapshot?.version}`] : [],
    );
  return {
    open: (url: string) =>
      openRedisLeases({
        ...{ ...parts, connect: redisAt({ ...parts, url }) },
        onDeaf: () => (isDeaf = true),
      }),
    isDeaf: () => isDeaf,
    pass: (ms: number) => (now += ms),
    ...{ beat, listed },
    /** What will be listed then, if nothing is heard until then. */
    async listedAfter(ms: number, leases: Leases) {
      now += ms;
      return listed(leases).finally(() => (now -= ms));
    },
  };
}

test("what one replica hears the others know, those that come later too", async () => {
  await using service = await createRedisDatabase();
  const { open, beat, listed } = createReplicas();
  await using one = await open(service.url);
  await using other = await open(service.url);
  await beat(one, "a", 1);
  await vi.waitFor(async () => expect(await listed(other)).toEqual(["a.1 of a"]), patience);
  await beat(other, "a", 2);
  await vi.waitFor(async () => expect(await listed(one)).toEqual(["a.2 of a"]), patience);
  // Of a beat sent before that nobody takes notice, wherever it arrives.
  expect(await beat(one, "a", 1)).toMatchObject({ counter: 2 });
  await using late = await open(service.url);
  expect(await listed(late)).toEqual(["a.2 of a"]);
});

test("of two beats the later stays, though who takes in the other has not heard of it yet", async () => {
  await using service = await createRedisDatabase();
  const { open } = createReplicas();
  await using one = await open(service.url);
  await using other = await open(service.url);
  const write = (leases: Leases, started: number, counter: number) =>
    leases.write(leaseOf("a", { started, counter, endsAt: start + leaseMs }), undefined);
  await write(other, 2, 0);
  expect(await write(one, 1, 9)).toMatchObject({ started: 2, counter: 0 });
  await using late = await open(service.url);
  expect(await late.read("a")).toMatchObject({ started: 2, counter: 0 });
});

test("without Redis each replica goes on with what it knew and what it hears", async () => {
  await using service = await createRedisDatabase();
  const { port, pathname } = new URL(service.url);
  await using way = createWay(Number(port));
  const { open, beat, listed, listedAfter, pass, isDeaf } = createReplicas();
  await using leases = await open(`redis://127.0.0.1:${await way.open()}${pathname}`);
  await beat(leases, "dead before", 1);
  pass(leaseMs);
  await beat(leases, "heard", 1);
  await beat(leases, "elsewhere", 1);
  expect(isDeaf()).toBe(false);
  await way.cut();
  // Long enough for it to be noticed: from here on another replica may have the beats.
  await vi.waitFor(async () => {
    const names = await listedAfter(leaseMs, leases);
    expect(names).toEqual(["heard.1 of heard", "elsewhere.1 of elsewhere"]);
  }, patience);
  expect(isDeaf()).toBe(true);
  pass(2 * leaseMs);
  expect(await beat(leases, "heard", 2)).toMatchObject({ counter: 2 });
  expect(await listed(leases)).toEqual(["elsewhere.1 of elsewhere", "heard.2 of heard"]);
  expect(await beat(leases, "heard", 1)).toMatchObject({ counter: 2 });
  pass(5 * leaseMs);
  expect(await listed(leases)).toEqual(["heard.2 of heard"]);
});

test("Redis comes back with nothing in it: each beat brings its node back to all, snapshot and all", async () => {
  await using service = await createRedisDatabase();
  const { port, pathname } = new URL(service.url);
  await using way = createWay(Number(port));
  const at = await way.open();
  const { open, beat, listed } = createReplicas();
  await using leases = await open(`redis://127.0.0.1:${at}${pathname}`);
  await beat(leases, "a", 1);
  await way.cut();
  await beat(leases, "a", 2);
  await using redis = await emptied(service.url);
  await way.open(at);
  await using fresh = await open(service.url);
  expect(await listed(fresh)).toEqual([]);
  let counter = 2;
  await vi.waitFor(async () => {
    counter += 1;
    await beat(leases, "a", counter);
    expect(await redis.keys()).toContain("test:lease:a");
  }, patience);
  await vi.waitFor(
    async () => expect(await listed(fresh)).toEqual([`a.${counter} of a`]),
    patience,
  );
  expect(await listed(leases)).toEqual([`a.${counter} of a`]);
});

test("Redis loses what it had without going away: the node's own beats bring its snapshot back", async () => {
  await using service = await createRedisDatabase();
  const { open, beat, listed } = createReplicas();
  await using one = await open(service.url);
  await beat(one, "a", 1);
  await using _redis = await emptied(service.url);
  await beat(one, "a", 2);
  await beat(one, "a", 3);
  await using late = await open(service.url);
  expect(await listed(late)).toEqual(["a.3 of a"]);
});

test("a replica that has no snapshot of a node asks for it, and does not list it", async () => {
  await using service = await createRedisDatabase();
  const { open, beat, listed } = createReplicas();
  await using one = await open(service.url);
  await beat(one, "a", 1);
  await using redis = await emptied(service.url, "test:snapshot:a");
  await using other = await open(service.url);
  expect(await listed(other)).toEqual([]);
  expect(await other.read("a")).toMatchObject({ counter: 1, heldSnapshotId: null });
  expect(await redis.keys()).toContain("test:lease:a");
});

/** @param key alone; else all of them */
async function emptied(url: string, key?: string) {
  const redis = new Redis(url);
  await (key ? redis.del(key) : redis.flushdb());
  return {
    keys: () => redis.keys("*"),
    [Symbol.asyncDispose]: async () => redis.disconnect(),
  };
}
