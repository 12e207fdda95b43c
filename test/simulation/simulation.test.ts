/** A few worlds with each run of the tests; `npm run simulate` runs as many as there is time for. */
import { expect, test } from "vitest";
import { createDiskPool } from "./disk-pool.ts";
import { simulateSeed } from "./simulate-seed.ts";

const minutes = 60_000;

test.each([1, 2, 3])(
  "in the world of seed %i everything that can go wrong does, and the books come out right",
  async (seed) => {
    const { violations, jobs, faults } = await simulateSeed(seed);
    expect(violations).toEqual([]);
    expect(jobs).toBeGreaterThan(100);
    expect(Object.keys(faults).length).toBeGreaterThan(3);
  },
  3 * minutes,
);

test(
  "the same seed gives the same world, event by event",
  async () => {
    const traceOf = async () => {
      const lines: string[] = [];
      const disks = createDiskPool();
      await simulateSeed(4, { disks, trace: (line) => lines.push(line) });
      return lines;
    };
    const first = await traceOf();
    expect(first.length).toBeGreaterThan(1_000);
    expect(await traceOf()).toEqual(first);
  },
  3 * minutes,
);
