/**
 * The simulation from the command line: many worlds spread over processes, one of them again with its trace, planted
 * bugs, or a worker that stalls. `npm run simulate -- --help` says how.
 */
import { createDiskPool } from "../test/simulation/disk-pool.ts";
import { simulateSeed, type SeedResult } from "../test/simulation/simulate-seed.ts";
import { mutantsTable, tryMutants } from "./simulate/mutants.ts";
import { readOptions, usage, type Wish } from "./simulate/options.ts";
import { createProgress } from "./simulate/progress.ts";
import { isGood, type Report, reportOf, reportText } from "./simulate/report.ts";
import { type BrokenSeed, spreadSeeds } from "./simulate/spread.ts";
import { isHarmless, stallingText, tryStalling } from "./simulate/stalling.ts";
import { readWish } from "./read-wish.ts";

type Of<Kind extends Wish["kind"]> = Extract<Wish, { kind: Kind }>;

const wish = readWish(readOptions, usage);
process.exitCode = wish ? ((await obey(wish)) ? 0 : 1) : 2;

/** @returns whether all is well */
async function obey(wish: Wish): Promise<boolean> {
  switch (wish.kind) {
    case "help":
      console.log(usage);
      return true;
    case "replay":
      return say(await replay(wish), wish.isJson);
    case "seeds":
      return say(await runSeeds(wish), wish.isJson);
    case "mutants":
      return runMutants(wish);
    case "stalling": {
      const stalling = await tryStalling(wish);
      tell(stallingText(stalling), stalling, wish.isJson);
      return isHarmless(stalling);
    }
    default:
      return wish satisfies never;
  }
}

function say(report: Report, isJson: boolean): boolean {
  tell(reportText(report), { ...report, isGood: isGood(report) }, isJson);
  return isGood(report);
}

/** For people, or for programs and for people beside them. */
function tell(text: string, json: object, isJson: boolean): void {
  if (isJson) console.error(text);
  console.log(isJson ? JSON.stringify(json) : text);
}

async function replay({ seed, isTraced }: Of<"replay">): Promise<Report> {
  const begun = performance.now();
  const trace = isTraced ? { trace: (line: string) => console.log(line) } : {};
  const result = await simulateSeed(seed, { disks: createDiskPool(), ...trace });
  return reportOf([result], [], (performance.now() - begun) / 1_000);
}

async function runSeeds({ from, count, jobs }: Of<"seeds">): Promise<Report> {
  const begun = performance.now();
  const progress = createProgress(count, "seeds");
  const results: SeedResult[] = [];
  const broken: BrokenSeed[] = [];
  await spreadSeeds({
    ...{ from, count, jobs },
    onResult(result) {
      results.push(result);
      const [first] = result.violations;
      if (first) progress.note(`seed ${result.seed} at ${first.at} ms: ${first.what}`);
      progress.step();
    },
    onBroken(seed) {
      broken.push(seed);
      progress.step(`, seed ${seed.seed} broke off`);
    },
  });
  progress.done();
  return reportOf(results, broken, (performance.now() - begun) / 1_000);
}

async function runMutants(wish: Of<"mutants">): Promise<boolean> {
  const rows = await tryMutants(wish);
  const caught = rows.filter((row) => row.caught).length;
  const last = `${caught} of ${rows.length} mutants caught`;
  tell(`${mutantsTable(rows)}\n${last}`, { mutants: rows, caught }, wish.isJson);
  return caught === rows.length;
}
