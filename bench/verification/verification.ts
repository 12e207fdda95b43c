/** What checking a proof of hardware costs the coordinator, ÷ what making it cost the prover. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { systemClock } from "../../src/base/clock.ts";
import { systemRandom } from "../../src/base/random.ts";
import { chainTask, drawRows } from "../../src/coordinator/verification/challenge.ts";
import { createCheckThread } from "../../src/coordinator/verification/check/check-thread.ts";
import { operationsOf } from "../../src/protocol/hardware-proof/chain.ts";
import { commitmentOf } from "../../src/protocol/hardware-proof/commitment.ts";
import { opening as openingShape } from "../../src/protocol/hardware-proof/opening.ts";
import { commitChain } from "../../src/worker/proof/commit-chain.ts";
import { createWasmProver } from "../../src/worker/proof/wasm-prover.ts";
import { type Figure, figureOf, type Gate, say } from "../figure.ts";

const size = { n: 2_048, layers: 4 };
const costGate: Gate = {
  figure: "CPU to verify n = 2048, four layers ÷ CPU to prove it",
  ...{ good: "at most", gate: 0.05, aim: 0.03 },
};
const holdGate: Gate = {
  figure: "CPU of the answering thread meanwhile, the most of all rounds, ms",
  ...{ good: "at most", gate: 20, aim: 10 },
};

/** Milliseconds of CPU, of all threads of this process, and of this thread alone: no hold of its loop is longer. */
async function cpuOf<Result>(work: () => Promise<Result>) {
  const before = { all: process.cpuUsage(), own: process.threadCpuUsage() };
  const result = await work();
  const own = process.threadCpuUsage(before.own);
  const all = process.cpuUsage(before.all);
  const milliseconds = ({ user, system }: typeof all) => (user + system) / 1_000;
  return { result, allMs: milliseconds(all), ownMs: milliseconds(own) };
}

export async function verificationFigures(rounds: number): Promise<Figure[]> {
  const { signal } = new AbortController();
  // The prover's pauses are timers that keep no process alive.
  const alive = setInterval(() => undefined, 1_000);
  const prover = createWasmProver({ clock: systemClock });
  await using thread = createCheckThread({ clock: systemClock, random: systemRandom });
  const [costs, holds]: [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round += 1) {
    const binding = { session: `round ${round}`, node: "a-node" };
    const task = chainTask(systemRandom.bytes(32), binding, size);
    const { result: chain, allMs: provingMs } = await cpuOf(() =>
      commitChain(prover, task, signal),
    );
    const commitment = commitmentOf(binding, task, chain.layerRoots);
    const asked = drawRows(systemRandom, task);
    const body = JSON.stringify(await chain.open(asked, signal));

    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    // From the body's bytes on: reading them is part of the cost, and of what the loop is held by.
    const { result, allMs, ownMs } = await cpuOf(() => {
      const opening = openingShape.parse(JSON.parse(body));
      return thread.check({ binding, task, commitment, asked, opening });
    });
    delay.disable();
    if (result.kind !== "right") throw new Error(`an honest proof was found ${result.kind}`);
    const gops = operationsOf(task) / provingMs / 1_000_000;
    say(
      `  round ${round}: proving ${provingMs.toFixed(0)} ms of CPU (${gops.toFixed(1)} GOPS), ` +
        `checking ${allMs.toFixed(1)} ms, ${ownMs.toFixed(1)} of them in the way of others ` +
        `(longest delay of a timer: ${(delay.max / 1_000_000).toFixed(1)} ms), ${body.length} bytes`,
    );
    holds.push(ownMs);
    // The first warms up.
    if (round > 0) costs.push(allMs / provingMs);
  }
  clearInterval(alive);
  return [figureOf(costGate, costs), figureOf(holdGate, [Math.max(...holds)])];
}
