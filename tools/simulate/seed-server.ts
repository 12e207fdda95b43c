/** Runs the worlds that its parent asks for by seed, and says how each ended. A mutant's name plants that bug first. */
import { allMutants } from "../../test/simulation/mutants/all.ts";
import { plant } from "../../test/simulation/mutants/plant.ts";
import type { SeedAnswer, SeedQuestion } from "./seed-process.ts";

const [name] = process.argv.slice(2);
const mutant = allMutants.find((each) => each.name === name);
if (name !== undefined && !mutant) throw new Error(`there is no mutant ${name}`);
const planted = mutant && plant(mutant);

// Only now, so that the bug is in what is loaded.
const { simulateSeed } = await import("../../test/simulation/simulate-seed.ts");
const { createDiskPool } = await import("../../test/simulation/disk-pool.ts");
if (planted && !planted.isLoaded) throw new Error(`mutant ${name}: nothing loads its file`);

// Worlds are full of refusals, of which nobody here reads where they were made. A replay runs in its own process.
Error.stackTraceLimit = 0;
const disks = createDiskPool();
const textOf = (error: unknown) =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
const answer = (text: SeedAnswer) => void process.send!(text);

async function run({ seed, ...options }: SeedQuestion): Promise<void> {
  try {
    answer({ result: await simulateSeed(seed, { disks, ...options }) });
  } catch (error) {
    answer({ broken: textOf(error) });
  }
  disks.giveBackAll();
}

process.on("message", (question) => void run(question as SeedQuestion));
process.on("uncaughtException", (error) => {
  answer({ broken: textOf(error) });
  process.exitCode = 1;
  process.disconnect();
});
process.on("disconnect", () => process.exit());
