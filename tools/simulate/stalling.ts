/**
 * Whether it pays to drag answers out. The same worlds twice: once worker-2 answers as fast as it can, once its engine
 * takes several times as long. A request costs the lesser of its time and its tokens, and the tokens stay the same.
 */
import type { SeedResult } from "../../test/simulation/simulate-seed.ts";
import { createProgress } from "./progress.ts";
import { spreadSeeds } from "./spread.ts";

/** How many times as long the staller's engine takes. */
const drags = 4;
const microPerCredit = 1e6;

export interface Income {
  answered: number;
  credits: number;
  busySeconds: number;
  perAnswer: number;
  perBusySecond: number;
}

export interface Stalling {
  worlds: number;
  drags: number;
  honest: Income;
  staller: Income;
  /** Differences in credits per busy second below this are chance. */
  noise: number;
  /** What was found besides: these worlds must be sound too. */
  offences: string[];
}

export interface StallingWish {
  from: number;
  count: number;
  jobs: number;
}

export async function tryStalling({ from, count, jobs }: StallingWish): Promise<Stalling> {
  const progress = createProgress(2 * count, "worlds");
  const offences: string[] = [];
  async function worldsAt(slowness: number): Promise<SeedResult[]> {
    const results: SeedResult[] = [];
    await spreadSeeds({
      ...{ from, count, jobs, drags: slowness },
      onResult(result) {
        results.push(result);
        for (const { what } of result.violations.slice(0, 1))
          offences.push(`seed ${result.seed}, ${slowness} times as slow: ${what}`);
        progress.step();
      },
      onBroken: ({ seed, error }) => void offences.push(`seed ${seed} broke off: ${error}`),
    });
    return results.toSorted((left, right) => left.seed - right.seed);
  }
  const quick = await worldsAt(1);
  const slow = await worldsAt(drags);
  progress.done();
  const [honest, staller] = [incomeOf(quick), incomeOf(slow)];
  const noise = offences.length > 0 ? 0 : 2 * standardError(quick, slow);
  return { worlds: count, drags, honest, staller, noise, offences };
}

/** Of the difference in credits per busy second: worlds differ, but the two of one seed have much in common. */
function standardError(quick: readonly SeedResult[], slow: readonly SeedResult[]): number {
  const shares = (results: readonly SeedResult[]) => {
    const { perBusySecond, busySeconds } = incomeOf(results);
    return results.map(
      ({ earnings: { earned, busyMs } }) =>
        (earned / microPerCredit - (perBusySecond * busyMs) / 1_000) / busySeconds,
    );
  };
  const slower = shares(slow);
  return Math.hypot(...shares(quick).map((share, index) => share - slower[index]!));
}

function incomeOf(results: readonly SeedResult[]): Income {
  const sum = (of: (earnings: SeedResult["earnings"]) => number) =>
    results.reduce((total, { earnings }) => total + of(earnings), 0);
  const answered = sum((world) => world.answered);
  const credits = sum(({ earned }) => earned) / microPerCredit;
  const busySeconds = sum(({ busyMs }) => busyMs) / 1_000;
  return {
    ...{ answered, credits, busySeconds },
    perAnswer: credits / answered,
    perBusySecond: credits / busySeconds,
  };
}

export const isHarmless = ({ honest, staller, noise, offences }: Stalling): boolean =>
  offences.length === 0 && staller.perBusySecond <= honest.perBusySecond + noise;

export function stallingText(stalling: Stalling): string {
  const { worlds, honest, staller, noise, offences } = stalling;
  const line = (who: string, income: Income) =>
    `${who}: ${income.answered} answers, ${income.credits.toFixed(3)} credits in ` +
    `${income.busySeconds.toFixed(0)} busy seconds; ${income.perAnswer.toFixed(6)} an answer, ` +
    `${income.perBusySecond.toFixed(6)} a busy second`;
  return [
    ...offences,
    `worker-2 in ${worlds} worlds`,
    line("  honest", honest),
    line(`  ${stalling.drags} times as slow`, staller),
    `noise: ${noise.toFixed(6)} credits a busy second`,
    isHarmless(stalling)
      ? `stalling does not pay: ${(staller.perBusySecond / honest.perBusySecond).toFixed(2)} times the income of time`
      : "STALLING PAYS, or these worlds are not sound",
  ].join("\n");
}
