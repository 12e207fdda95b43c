/** One planted bug after the other, each looked for in world after world until an invariant finds it. */
import Table from "cli-table3";
import { allMutants } from "../../test/simulation/mutants/all.ts";
import type { Mutant } from "../../test/simulation/mutants/mutant.ts";
import { createProgress } from "./progress.ts";
import { BrokenWorld, startSeedProcess } from "./seed-process.ts";

export interface MutantRow {
  mutant: string;
  what: string;
  /** Where it was found; null where it survived. */
  caught: { seed: number; event: number; violation: string } | null;
  /** Why it could not be looked for to the end. */
  error?: string;
  seconds: number;
}

export interface MutantsWish {
  from: number;
  /** At most so many worlds for each. */
  count: number;
  jobs: number;
  only: string | undefined;
}

/** @returns in the order in which they are listed, whichever was found first */
export async function tryMutants({ from, count, jobs, only }: MutantsWish): Promise<MutantRow[]> {
  const chosen = allMutants.filter(({ name }) => only === undefined || name === only);
  const progress = createProgress(chosen.length, "mutants");
  const rows = new Map<Mutant, MutantRow>();
  const left = [...chosen];
  const work = async () => {
    for (let mutant = left.shift(); mutant; mutant = left.shift()) {
      const row = await tryMutant(mutant, from, count);
      rows.set(mutant, row);
      const fate = row.caught ? `caught at seed ${row.caught.seed}` : (row.error ?? "SURVIVED");
      progress.note(`${row.mutant}: ${fate}, ${row.seconds.toFixed(0)} s`);
      progress.step();
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, chosen.length) }, work));
  progress.done();
  return withoutFalseFinds(chosen.map((mutant) => rows.get(mutant)!));
}

/** A world in which something is found without any bug says nothing about the bug. */
async function withoutFalseFinds(rows: readonly MutantRow[]): Promise<MutantRow[]> {
  const seeds = new Set(rows.flatMap(({ caught }) => (caught ? [caught.seed] : [])));
  const unsound = new Set<number>();
  await using worlds = startSeedProcess();
  for (const seed of seeds) {
    const isSound = await worlds.run(seed).then(
      ({ violations }) => violations.length === 0,
      () => false,
    );
    if (!isSound) unsound.add(seed);
  }
  return rows.map((row) =>
    row.caught && unsound.has(row.caught.seed)
      ? { ...row, caught: null, error: `seed ${row.caught.seed} is not clean without it either` }
      : row,
  );
}

async function tryMutant(mutant: Mutant, from: number, count: number): Promise<MutantRow> {
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1_000;
  const row = { mutant: mutant.name, what: mutant.what, caught: null };
  await using worlds = startSeedProcess(mutant.name);
  let seed = from;
  try {
    for (; seed < from + count; seed += 1) {
      const { violations, events } = await worlds.run(seed);
      const [first] = violations;
      if (!first) continue;
      const caught = { seed, event: events, violation: first.what };
      return { ...row, caught, seconds: seconds() };
    }
    return { ...row, seconds: seconds() };
  } catch (error) {
    if (error instanceof BrokenWorld) {
      const caught = { seed, event: 0, violation: `the world broke off: ${error.message}` };
      return { ...row, caught, seconds: seconds() };
    }
    return { ...row, error: (error as Error).message, seconds: seconds() };
  }
}

const sentenceWidth = 64;

export function mutantsTable(rows: readonly MutantRow[]): string {
  const table = new Table({
    head: ["mutant", "seed", "event", "found by", "s"],
    colWidths: [null, null, null, sentenceWidth, null],
    wordWrap: true,
    style: { head: [], border: [], compact: true },
  });
  for (const { mutant, caught, error, seconds } of rows) {
    const sentence = caught?.violation ?? error ?? "nothing: it survived";
    table.push([
      ...[mutant, caught?.seed ?? "", caught?.event ?? ""],
      ...[sentence.split("\n")[0]!.slice(0, 2 * sentenceWidth), seconds.toFixed(0)],
    ]);
  }
  return table.toString();
}
