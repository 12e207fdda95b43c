/** One round: latency in short turns, CPU per request, CPU per chunk; and the memory of a network with open streams. */
import { setTimeout as pause } from "node:timers/promises";
import { median } from "../figure.ts";
import type { Plan } from "./answer.ts";
import { turned, type Round } from "./gates.ts";
import type { LoadAnswer, LoadQuestion } from "./load-process.ts";
import { pathNames, type PathName, type Paths } from "./paths.ts";
import type { Helper } from "./processes.ts";
import type { TroopNetwork } from "./troop.ts";
import { cpuMsOf, residentKbOf } from "./usage.ts";

export type Load = Helper<LoadQuestion, LoadAnswer>;

export interface Sizes {
  /** Turns of a path in a round, and requests in a turn. */
  turns: number;
  turnRequests: number;
  /** Short answers, some at once. */
  requests: number;
  /** Long answers, one after the other: no two events share a turn of a hop. */
  streams: number;
  openStreams: number;
  memoryRounds: number;
}

export const usualSizes: Sizes = {
  ...{ turns: 3, turnRequests: 25, requests: 200, streams: 4, openStreams: 200, memoryRounds: 5 },
};
export const quickSizes: Sizes = {
  ...{ turns: 2, turnRequests: 10, requests: 60, streams: 2, openStreams: 60, memoryRounds: 1 },
};

const concurrency = 8;
/** As many times as many requests as in a round: until compilers have had their say. */
const warmUp = 5;
const shortAnswer: Plan = { words: 8, pauseMs: 0, isHeld: false };
const longAnswer: Plan = { words: 300, pauseMs: 1, isHeld: false };
const heldAnswer: Plan = { words: 8, pauseMs: 0, isHeld: true };
const eventsOfLong = longAnswer.words + 4;
/** After the last stream opened: what is on its way arrives, and garbage of the opening may be collected. */
const restMs = 1_000;

export async function warm(parts: { load: Load; paths: Paths; sizes: Sizes }): Promise<void> {
  const { load, paths, sizes } = parts;
  const count = sizes.requests * warmUp;
  for (const { target } of Object.values(paths))
    await load.ask({ kind: "run", target, plan: shortAnswer, count, concurrency });
  await measureRound(0, parts);
}

export async function measureRound(
  number: number,
  { load, paths, sizes }: { load: Load; paths: Paths; sizes: Sizes },
): Promise<Round> {
  const times = Object.fromEntries(pathNames.map((name) => [name, [] as number[]]));
  for (let turn = 0; turn < sizes.turns; turn += 1) {
    for (const name of turned(pathNames, number + turn)) {
      const { target } = paths[name];
      const asked = { target, plan: shortAnswer, count: sizes.turnRequests, concurrency: 1 };
      times[name]!.push(...(await load.ask({ kind: "run", ...asked })).timesMs);
    }
  }
  const cpuOf = async (name: PathName, plan: Plan, count: number, atOnce: number) => {
    const { target, pids, settled } = paths[name];
    await settled();
    const before = cpuMsOf(pids);
    await load.ask({ kind: "run", target, plan, count, concurrency: atOnce });
    await settled();
    return cpuMsOf(pids) - before;
  };
  const requestMs = { nginx: 0, portkey: 0, ours: 0, floor: 0 };
  for (const name of turned(["nginx", "portkey", "ours", "floor"] as const, number))
    requestMs[name] =
      (await cpuOf(name, shortAnswer, sizes.requests, concurrency)) / sizes.requests;
  const chunkUs = { nginx: 0, ours: 0, floor: 0 };
  const chunks = sizes.streams * eventsOfLong;
  for (const name of turned(["nginx", "ours", "floor"] as const, number))
    chunkUs[name] = ((await cpuOf(name, longAnswer, sizes.streams, 1)) * 1_000) / chunks;
  return {
    p50Ms: Object.fromEntries(
      pathNames.map((name) => [name, median(times[name]!)]),
    ) as Round["p50Ms"],
    requestMs,
    chunkUs,
  };
}

/** @returns KB that sidecar and worker grow by for each stream that is open: of a fresh network that has warmed up */
export async function measureMemory(
  troop: TroopNetwork,
  { load, release, sizes }: { load: Load; release: () => Promise<unknown>; sizes: Sizes },
): Promise<number> {
  const target = { origin: troop.origin, headers: {} };
  const pids = [troop.sidecar, troop.worker];
  await load.ask({
    kind: "run",
    target,
    plan: shortAnswer,
    count: sizes.requests * 2,
    concurrency,
  });
  await troop.settled();
  const before = residentKbOf(pids);
  await load.ask({ kind: "open", target, plan: heldAnswer, count: sizes.openStreams });
  await pause(restMs);
  const after = residentKbOf(pids);
  await release();
  await load.ask({ kind: "finish" });
  return (after - before) / sizes.openStreams;
}

/** CPU profiles want some seconds of the same work. */
export async function workFor(
  seconds: number,
  kind: "short" | "long",
  { load, origin }: { load: Load; origin: string },
): Promise<void> {
  const end = performance.now() + seconds * 1_000;
  const target = { origin, headers: {} };
  const [plan, count] = kind === "short" ? [shortAnswer, 100] : ([longAnswer, 16] as const);
  while (performance.now() < end) await load.ask({ kind: "run", target, plan, count, concurrency });
}
