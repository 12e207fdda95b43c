/** `troop worker bench`: the proof of hardware as a coordinator would ask for it, on this machine alone. */
import {
  memoryPlanOf,
  type ProvenMemory,
  type TriedWalk,
  usualMemory,
} from "../../../coordinator/verification/proven-memory.ts";
import {
  type Measured,
  planOf,
  repeatsWanted,
  usualRamp,
} from "../../../coordinator/verification/ramp.ts";
import { type Worth, worthOf } from "../../../coordinator/verification/worth.ts";
import { formatMultiplier } from "../../../protocol/credits.ts";
import { chainSeedBytes } from "../../../protocol/hardware-proof/chain.ts";
import { memorySeedBytes } from "../../../protocol/hardware-proof/memory.ts";
import { usualProvers } from "../../../worker/proof/provers.ts";
import { type ProverChild, startFirst } from "../../../worker/proof/prover-child.ts";
import type { CommandContext } from "../../context.ts";
import { startProverHere } from "../../prover.ts";

/** Tasks and walks that it usually takes, for the bar. */
const usualTasks = 16;

export async function benchWorker(context: CommandContext): Promise<void> {
  const { output, shutdown } = context;
  const { child, device } = await startFirst(startProverHere(context), usualProvers);
  using _prover = child;
  shutdown.addEventListener("abort", () => child[Symbol.dispose](), { once: true });
  const progress = output.progress(`Proving on ${device.name}`);
  let done = 0;
  const begin = (what: string) => progress.update(Math.min(1, done++ / usualTasks), what);
  const { size, spans } = await measureArithmetic(context, child, begin);
  const memory = await measureMemory(context, child, begin);
  progress.done();
  const worth = worthOf(size, spans, memory ?? "none");
  const multiplier = formatMultiplier(worth.multiplier);
  const instead = device.instead_of === undefined ? "" : `, as ${device.instead_of}`;
  output.say(
    `${output.bold(multiplier)} of an RTX 3060 is to be expected, by ${device.prover}${instead}.`,
  );
  output.say(`Arithmetic: ${worth.gops.toFixed(1)} billion operations a second.`);
  output.say(`Memory: ${memoryText(memory, worth)}`);
  output.say(
    output.dim(
      "A coordinator measures by its own clock, the way there included, and when others are tried who share this machine.",
    ),
  );
  output.json({
    ...{ multiplier, gops: worth.gops, gigabytes_per_second: worth.gigabytesPerSecond, device },
    ...{ memory_bytes: memory?.bytes ?? null, n: size.n, layers: size.layers, spans_ms: spans },
  });
}

const memoryText = (memory: ProvenMemory | undefined, { gigabytesPerSecond }: Worth): string =>
  memory
    ? `${(memory.bytes / 2 ** 30).toFixed(1)} GiB held, and read at ${gigabytesPerSecond.toFixed(1)} GB/s. Larger models would not be listed.`
    : `none was shown (a processor's is not asked for); ${gigabytesPerSecond.toFixed(1)} GB/s are counted.`;

type Begin = (what: string) => void;

async function measureArithmetic(
  { clock, random }: CommandContext,
  child: ProverChild,
  begin: Begin,
) {
  const history: Measured[] = [];
  for (;;) {
    const plan = planOf(history, usualRamp);
    if (plan.kind === "repeat" && plan.spans.length >= repeatsWanted) return plan;
    const { size } = plan;
    begin(`${size.n} × ${size.n}, ${size.layers} layers`);
    const begun = clock.monotonic();
    await child.commit({ seed: random.bytes(chainSeedBytes), ...size }, bindingOf(random.uuid()));
    history.push({ ...size, spanMs: Math.max(1, clock.monotonic() - begun) });
  }
}

/** Undefined where none can be shown. */
async function measureMemory(
  { clock, random, shutdown }: CommandContext,
  child: ProverChild,
  begin: Begin,
): Promise<ProvenMemory | undefined> {
  const tried: TriedWalk[] = [];
  for (;;) {
    shutdown.throwIfAborted();
    const { kind, size, proven } = memoryPlanOf(tried, usualMemory);
    if (kind === "done") return proven;
    begin(`${size.segments} MiB`);
    const [seed, walkSeed] = [random.bytes(memorySeedBytes), random.bytes(memorySeedBytes)];
    // One that does not fit is how it ends.
    const spanMs = await child
      .fill({ seed, segments: size.segments })
      .then(async () => {
        const begun = clock.monotonic();
        await child.walk({ walkSeed, passes: size.passes }, bindingOf(random.uuid()));
        return Math.max(1, clock.monotonic() - begun);
      })
      .catch(() => null);
    tried.push({ ...size, spanMs });
  }
}

const bindingOf = (session: string) => ({ session, node: "bench" });
