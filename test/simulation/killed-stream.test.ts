/** SIGKILL of the worker at 200 points of a streamed request: each that began has its end, and none is paid twice. */
import { expect, test } from "vitest";
import { createDiskPool } from "./disk-pool.ts";
import { simulateKilledStream } from "./killed-stream.ts";

const points = 200;

test(
  `a worker killed at ${points} points of a stream accounts for it, once`,
  { timeout: 120_000 },
  async () => {
    const disks = createDiskPool();
    const seen = new Map<string, number>();
    const ends = new Map<string, number>();
    const count = (of: Map<string, number>, name: string) => of.set(name, (of.get(name) ?? 0) + 1);
    let killed = 0;
    for (let seed = 1; killed < points; seed += 1) {
      disks.giveBackAll();
      const { violations, point, runs, others, payments } = await simulateKilledStream(seed, disks);
      expect({ seed, violations }).toEqual({ seed, violations: [] });
      // It had ended before, or had not begun.
      if (point === undefined || runs.length + others.length === 0) continue;
      killed += 1;
      count(seen, point);
      for (const row of others) expect(row).toMatchObject({ state: "settled", cost: 0n });
      if (others.length > 0) count(ends, "died before the engine");
      for (const row of runs) {
        // Settled; where its answer was lost with the worker, as a failure that costs nothing.
        expect(row).toMatchObject({ state: "settled", shortfall: 0n, commons: 0n });
        count(ends, row!.cost === 0n ? "nothing to pay" : "paid");
      }
      expect([...payments.values()].filter((times) => times !== 1)).toEqual([]);
    }
    // The worker died in all the ways it can, and what came of it differed.
    expect([...seen.keys()]).toEqual(expect.arrayContaining(["idle", "engine"]));
    expect(seen.size).toBeGreaterThan(4);
    expect([...ends.keys()].toSorted()).toEqual([
      "died before the engine",
      "nothing to pay",
      "paid",
    ]);
  },
);
