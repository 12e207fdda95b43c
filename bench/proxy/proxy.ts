/** What the two hops of a request cost, against two nginx, one Portkey, and two hops that only pass on. */
import { availableParallelism, loadavg } from "node:os";
import { provide } from "../../tools/services/apt.ts";
import { startPostgres } from "../../tools/services/postgres.ts";
import { say, type Figure } from "../figure.ts";
import { createDatabase } from "../ledger/server.ts";
import { figuresOf, type Round } from "./gates.ts";
import type { LoadAnswer, LoadQuestion } from "./load-process.ts";
import { measureMemory, measureRound, quickSizes, usualSizes, warm, workFor } from "./measure.ts";
import { nginx } from "./nginx.ts";
import { startPaths } from "./paths.ts";
import { startHelper } from "./processes.ts";
import { startTroop } from "./troop.ts";

export interface ProxyOptions {
  /** For trying: small numbers, few rounds. */
  isQuick: boolean;
  /** A folder for CPU profiles of sidecar and worker; nothing else is measured then. */
  profiles?: string | undefined;
}

const profiledSeconds = 8;
const quickRounds = 2;

/** The process exits with 1 unless every gate is met. */
export async function proxyFigures(
  wantedRounds: number,
  { isQuick, profiles }: ProxyOptions,
): Promise<Figure[]> {
  provide([nginx]);
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startPostgres({ durable: true }));
  const engine = await startHelper<object, object>(new URL("./engine-process.ts", import.meta.url));
  stack.use(engine.helper);
  const engineOrigin = `http://127.0.0.1:${Number(engine.ready)}`;
  const loading = await startHelper<LoadQuestion, LoadAnswer>(
    new URL("./load-process.ts", import.meta.url),
  );
  const load = stack.use(loading.helper);
  const freshTroop = async (name: string, folder?: string) =>
    startTroop({
      ...{ database: await createDatabase(server.url, name), engineOrigin, profiles: folder },
    });

  if (profiles !== undefined) {
    for (const kind of ["short", "long"] as const) {
      await using troop = await freshTroop(`profile_${kind}`, `${profiles}/${kind}`);
      await workFor(profiledSeconds, kind, { load, origin: troop.origin });
    }
    return [];
  }

  const sizes = isQuick ? quickSizes : usualSizes;
  const wanted = isQuick ? Math.min(quickRounds, wantedRounds) : wantedRounds;
  const rounds: Round[] = [];
  sayLoad();
  {
    await using serving = new AsyncDisposableStack();
    const troop = serving.use(await freshTroop("rounds"));
    const paths = await startPaths(serving, engineOrigin, troop);
    await warm({ load, paths, sizes });
    for (let number = 1; number <= wanted; number += 1) {
      const round = await measureRound(number, { load, paths, sizes });
      sayRound(round);
      rounds.push(round);
    }
  }
  const memoryKb: number[] = [];
  for (let number = 1; number <= Math.min(sizes.memoryRounds, wanted); number += 1) {
    await using troop = await freshTroop(`memory_${number}`);
    const release = () => engine.helper.ask({});
    memoryKb.push(await measureMemory(troop, { load, release, sizes }));
    say(`  open streams: ${memoryKb.at(-1)!.toFixed(0)} KB each`);
  }
  sayLoad();
  const figures = figuresOf(rounds, memoryKb);
  if (figures.some(({ verdict }) => verdict !== "met")) process.exitCode = 1;
  return figures;
}

const sayLoad = (): void =>
  say(`  load ${loadavg()[0]!.toFixed(1)} on ${availableParallelism()} cores`);

function sayRound({ p50Ms, requestMs, chunkUs }: Round): void {
  const list = (values: Record<string, number>, digits: number) =>
    Object.entries(values)
      .map(([name, value]) => `${name} ${value.toFixed(digits)}`)
      .join(", ");
  say(
    `  p50 ms: ${list(p50Ms, 2)}; CPU ms: ${list(requestMs, 2)}; µs a chunk: ${list(chunkUs, 0)}`,
  );
}
