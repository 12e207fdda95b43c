/**
 * The simulation from the command line: many worlds, one after the other, each from its seed.
 * usage: npm run simulate -- [--seeds N] [--seed S] [--trace]
 */
import { parseArgs } from "node:util";
import { createDiskPool } from "../test/simulation/disk-pool.ts";
import { simulateSeed, type SeedResult } from "../test/simulation/simulate-seed.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "20" },
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
  },
});
const first = values.seed === undefined ? 1 : Number(values.seed);
const count = values.seed === undefined ? Number(values.seeds) : 1;
if (!Number.isSafeInteger(first) || !Number.isSafeInteger(count) || count < 1) {
  console.error("--seeds and --seed take whole numbers");
  process.exit(2);
}

const disks = createDiskPool();
const begun = performance.now();
const results: SeedResult[] = [];
for (let seed = first; seed < first + count; seed += 1) {
  const trace = values.trace ? { trace: (line: string) => console.log(line) } : {};
  const result = await simulateSeed(seed, { disks, ...trace });
  disks.giveBackAll();
  results.push(result);
  for (const { at, what } of result.violations) console.log(`seed ${seed} at ${at} ms: ${what}`);
  if (result.violations.length > 0)
    console.log(`  replay: npm run simulate -- --seed ${seed} --trace`);
}
report();

function report(): void {
  const seconds = (performance.now() - begun) / 1_000;
  const sum = (of: (result: SeedResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  const faults = new Map<string, number>();
  for (const result of results)
    for (const [kind, times] of Object.entries(result.faults))
      faults.set(kind, (faults.get(kind) ?? 0) + times);
  const violations = sum((result) => result.violations.length);
  console.log(`${results.length} seeds, ${(results.length / seconds).toFixed(2)} a second`);
  console.log(`${sum(({ jobs }) => jobs)} jobs, ${sum(({ answered }) => answered)} answered whole`);
  console.log(
    `${(sum(({ elapsedMs }) => elapsedMs) / 3_600_000).toFixed(0)} hours of virtual time`,
  );
  for (const [kind, times] of [...faults].toSorted(([left], [right]) => left.localeCompare(right)))
    console.log(`  ${kind}: ${times}`);
  console.log(`${violations} violations`);
  process.exitCode = violations > 0 ? 1 : 0;
}
