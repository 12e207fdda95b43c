/** A few worlds with each run of the tests; `npm run simulate` runs as many as there is time for. */
import { expect, test } from "vitest";
import { createDiskPool } from "./disk-pool.ts";
import { simulateSeed } from "./simulate-seed.ts";
import { createDisk, type Disk } from "./world/disk.ts";
import type { Process } from "./world/machine.ts";

const minutes = 60_000;

// Seeds in which a check found fault with what was right: lines of one receipt, of which one was given back (65, 803,
// 849); a worker that had not yet found the coordinator again, which had started half a minute before (500).
test.each([65, 500, 803, 849])(
  "the world of seed %i, once a failure, is sound",
  async (seed) => {
    expect((await simulateSeed(seed)).violations).toEqual([]);
  },
  3 * minutes,
);

test(
  "a world that ends early leaves nobody alive to touch the next one's disks",
  async () => {
    const seen: Process[] = [];
    const take = (): Disk => {
      const disk = createDisk();
      const mount = (process: Process) => {
        seen.push(process);
        return disk.mount(process);
      };
      return { ...disk, mount, waitingLines: () => 1 };
    };
    const { violations } = await simulateSeed(849, { disks: { take } });
    expect(violations[0]!.what).toContain("not quiet");
    expect(seen.filter(({ isAlive }) => isAlive).map(({ name }) => name)).toEqual([]);
  },
  3 * minutes,
);

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
