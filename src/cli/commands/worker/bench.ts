/** `troop worker bench`: the proof of hardware as a coordinator would ask for it, on this machine alone. */
import {
  type Measured,
  planOf,
  repeatsWanted,
  type TaskSize,
  usualRamp,
} from "../../../coordinator/verification/ramp.ts";
import { worthOf } from "../../../coordinator/verification/worth.ts";
import { formatMultiplier } from "../../../protocol/credits.ts";
import { chainSeedBytes } from "../../../protocol/hardware-proof/chain.ts";
import { usualProvers } from "../../../worker/proof/provers.ts";
import { createStartProver, startFirst } from "../../../worker/proof/prover-child.ts";
import type { CommandContext } from "../../context.ts";

/** Tasks that it usually takes, for the bar. */
const usualTasks = 6;

export async function benchWorker(context: CommandContext): Promise<void> {
  const { output, clock, random, shutdown } = context;
  const { child, device } = await startFirst(createStartProver(context), usualProvers);
  using _prover = child;
  shutdown.addEventListener("abort", () => child[Symbol.dispose](), { once: true });
  const progress = output.progress(`Proving on ${device.name}`);
  const history: Measured[] = [];

  async function measure(size: TaskSize): Promise<void> {
    progress.update(history.length / usualTasks, `${size.n} × ${size.n}, ${size.layers} layers`);
    const binding = { session: random.uuid(), node: "bench" };
    const begun = clock.monotonic();
    await child.commit({ seed: random.bytes(chainSeedBytes), ...size }, binding);
    history.push({ ...size, spanMs: Math.max(1, clock.monotonic() - begun) });
  }

  let plan = planOf(history, usualRamp);
  while (plan.kind === "grow" || plan.spans.length < repeatsWanted) {
    await measure(plan.size);
    plan = planOf(history, usualRamp);
  }
  progress.done();
  const { size, spans } = plan;
  const { gops, gigabytesPerSecond, multiplier: expected } = worthOf(size, spans);
  const multiplier = formatMultiplier(expected);
  const instead = device.instead_of === undefined ? "" : `, as ${device.instead_of}`;
  output.say(
    `${output.bold(multiplier)} of an RTX 3060 is to be expected, by ${device.prover}${instead}.`,
  );
  output.say(`Arithmetic: ${gops.toFixed(1)} billion operations a second.`);
  output.say(
    `Memory: not measured yet; ${gigabytesPerSecond.toFixed(1)} GB/s are counted, the least that goes with it.`,
  );
  output.say(
    output.dim(
      "A coordinator measures by its own clock, the way there included, and when others are tried who share this machine.",
    ),
  );
  output.json({
    ...{ multiplier, gops, gigabytes_per_second: gigabytesPerSecond, device },
    ...{ n: size.n, layers: size.layers, spans_ms: spans },
  });
}
