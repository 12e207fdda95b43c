/** Faults in rounds: something is killed or paused in the middle of the load, and comes back. */
import { setTimeout as pause } from "node:timers/promises";
import type { Program } from "./program.ts";
import type { Verdict } from "./verdict.ts";

export type Fault = "killed" | "paused";

/** Who suffers. */
export interface Victim {
  program(): Program;
  /** Starts it again on what it left. */
  start(): Promise<void>;
  /** How long it runs, under load, before it suffers again. */
  restMs?: number;
}

/** What the faults are under. */
export interface Pressure {
  /** Work done so far that somebody has been told is done. */
  done(): number;
  /** Resolves once the network does its work again. */
  works(): Promise<void>;
}

export interface Row extends Verdict {
  victim: string;
  fault: Fault;
  rounds: number;
  retried: number;
  converged: number;
  /** Seconds from the fault to the first ticket after it, the worst of all rounds and the middle one. */
  worstSeconds: number;
  medianSeconds: number;
}

const pausedMs = 1_500;
/** A round begins when so much has been done since the last one: the load is on. */
const workPerRound = 12;
/** The moment within the load's rhythm is left to chance. */
const jitterMs = 200;
const patienceMs = 120_000;

/** @returns seconds until the network worked again, for each round */
export async function sufferRounds(
  rounds: number,
  fault: Fault,
  victim: Victim,
  pressure: Pressure,
): Promise<number[]> {
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await pause(victim.restMs ?? 0);
    await untilDone(pressure, pressure.done() + workPerRound);
    await pause(Math.random() * jitterMs);
    const began = performance.now();
    const works = async () => {
      await pressure.works();
      seconds.push((performance.now() - began) / 1_000);
    };
    if (fault === "killed") {
      await victim.program().kill();
      // Who has others beside it need not be back.
      await Promise.all([victim.start(), works()]);
    } else {
      victim.program().signal("SIGSTOP");
      await pause(pausedMs);
      victim.program().signal("SIGCONT");
      await works();
    }
  }
  await untilDone(pressure, pressure.done() + workPerRound);
  return seconds;
}

async function untilDone(pressure: Pressure, wanted: number): Promise<void> {
  const end = performance.now() + patienceMs;
  while (pressure.done() < wanted) {
    if (performance.now() > end) throw new Error("the network does not work again");
    await pause(5);
  }
}

export function middleOf(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
