/** Worlds spread over processes: each takes the next seed when it is done with its last. */
import type { SeedResult } from "../../test/simulation/simulate-seed.ts";
import { startSeedProcess } from "./seed-process.ts";

/** A world that broke off instead of ending. */
export interface BrokenSeed {
  seed: number;
  error: string;
}

export interface Spread {
  from: number;
  count: number;
  /** How many processes at once. */
  jobs: number;
  /** How slowly worker-2's engine answers, see `SeedOptions`. */
  drags?: number;
  onResult: (result: SeedResult) => void;
  onBroken: (broken: BrokenSeed) => void;
}

/** Resolves when every world has ended, whatever became of it. */
export async function spreadSeeds({ from, count, jobs, drags, ...told }: Spread): Promise<void> {
  let next = from;
  await Promise.all(Array.from({ length: Math.min(jobs, count) }, work));

  async function work(): Promise<void> {
    while (next < from + count) {
      await using worlds = startSeedProcess();
      // Until one breaks its process; the rest go to another.
      for (let isSound = true; isSound && next < from + count;) {
        const seed = next;
        next += 1;
        isSound = await worlds.run(seed, drags).then(
          (result) => {
            told.onResult(result);
            return true;
          },
          (error: Error) => {
            told.onBroken({ seed, error: error.message });
            return false;
          },
        );
      }
    }
  }
}
