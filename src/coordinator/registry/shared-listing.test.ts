/** Anybody may ask for all nodes: what it took to list them is not spent for each. */
import { expect, test } from "vitest";
import { createMovedClock } from "../clock.fixture.ts";
import { leaseOf, snapshotOf } from "./lease.fixture.ts";
import { createMemoryLeases } from "./memory-leases.ts";
import { createRegistry } from "./registry.ts";

test("one listing of all nodes is for all who ask, ten times as long as it took; of one model it is made anew", async () => {
  const clock = createMovedClock();
  const leases = createMemoryLeases();
  const add = (node: string) =>
    leases.write(leaseOf(node, { endsAt: clock.now() + 60_000 }), snapshotOf("1"));
  let looks = 0;
  const registry = createRegistry({
    ...{ leases, clock, addressPolicy: "public", heartbeatMs: 10_000 },
    // It takes a second for each node.
    reputationOf: () => {
      looks += 1;
      clock.advance(1_000);
      return 0;
    },
  });
  const count = async (model?: string) => (await registry.list(model)).nodes.length;
  await add("a");
  expect(await Promise.all([count(), count(), count()])).toEqual([1, 1, 1]);
  expect(looks).toBe(1);
  await add("b");
  clock.advance(7_000);
  expect(await count("m")).toBe(2);
  expect(await count()).toBe(1);
  clock.advance(1_000);
  expect(await count()).toBe(2);
});
