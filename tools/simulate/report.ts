/** What many worlds come to, in numbers and in words. */
import type { SeedResult } from "../../test/simulation/simulate-seed.ts";
import type { BrokenSeed } from "./spread.ts";

export interface Report {
  seeds: number;
  seconds: number;
  seedsPerSecond: number;
  jobs: number;
  answered: number;
  events: number;
  virtualHours: number;
  /** How often, by kind. */
  faults: Record<string, number>;
  violations: { seed: number; at: number; what: string }[];
  /** Worlds that broke off. */
  broken: BrokenSeed[];
  /** Kinds of fault that never came about in so many worlds that they should have. */
  missingFaults: string[];
}

/** Of so many worlds each kind of fault must have been in one at least. */
export const enoughSeeds = 100;
const hourMs = 3_600_000;

export function reportOf(
  results: readonly SeedResult[],
  broken: readonly BrokenSeed[],
  seconds: number,
): Report {
  const sum = (of: (result: SeedResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  const faults: Record<string, number> = {};
  for (const result of results)
    for (const [kind, times] of Object.entries(result.faults))
      faults[kind] = (faults[kind] ?? 0) + times;
  const bySeed = results.toSorted((left, right) => left.seed - right.seed);
  return {
    seeds: results.length,
    seconds,
    seedsPerSecond: results.length / seconds,
    jobs: sum(({ jobs }) => jobs),
    answered: sum(({ answered }) => answered),
    events: sum(({ events }) => events),
    virtualHours: sum(({ elapsedMs }) => elapsedMs) / hourMs,
    faults: Object.fromEntries(
      Object.entries(faults).toSorted(([left], [right]) => left.localeCompare(right)),
    ),
    violations: bySeed.flatMap(({ seed, violations }) =>
      violations.map(({ at, what }) => ({ seed, at, what })),
    ),
    broken: broken.toSorted((left, right) => left.seed - right.seed),
    missingFaults:
      results.length < enoughSeeds ? [] : Object.keys(faults).filter((kind) => faults[kind] === 0),
  };
}

export const isGood = ({ violations, broken, missingFaults }: Report): boolean =>
  violations.length === 0 && broken.length === 0 && missingFaults.length === 0;

export function reportText(report: Report): string {
  const { seeds, seedsPerSecond, faults, violations, broken, missingFaults } = report;
  const lines = [
    ...violations.map(({ seed, at, what }) => `seed ${seed} at ${at} ms: ${what}`),
    ...broken.map(({ seed, error }) => `seed ${seed} broke off: ${error}`),
    ...[...new Set([...violations, ...broken].map(({ seed }) => seed))].map(
      (seed) => `replay: npm run simulate -- --seed ${seed} --trace`,
    ),
    `${seeds} seeds, ${seedsPerSecond.toFixed(2)} a second`,
    `${report.jobs} jobs, ${report.answered} answered whole, ${report.events} events`,
    `${report.virtualHours.toFixed(0)} hours of virtual time`,
    ...Object.entries(faults).map(([kind, times]) => `  ${kind}: ${times}`),
    ...missingFaults.map((kind) => `${kind} never came about in ${seeds} worlds`),
    `${violations.length + broken.length} violations`,
  ];
  return lines.join("\n");
}
