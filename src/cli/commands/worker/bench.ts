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
  type TaskSize,
  usualRamp,
} from "../../../coordinator/verification/ramp.ts";
import { type Worth, worthOf } from "../../../coordinator/verification/worth.ts";
import { formatMultiplier } from "../../../protocol/credits.ts";
import { chainSeedBytes } from "../../../protocol/hardware-proof/chain.ts";
import type { ProvingDevice } from "../../../protocol/hardware-proof/wire.ts";
import { memorySeedBytes } from "../../../protocol/hardware-proof/memory.ts";
import { usualProvers } from "../../../worker/proof/provers.ts";
import { type ProverChild, startFirst } from "../../../worker/proof/start-prover.ts";
import type { CommandContext } from "../../context.ts";
import { startProverHere } from "../../prover.ts";

/** Tasks and walks that it usually takes, for the bar. */
const usualTasks = 16;

/** What one GPU, or the processor, comes to. */
interface Bench {
  device: ProvingDevice;
  worth: Worth;
  memory: ProvenMemory | undefined;
  size: TaskSize;
  spans: readonly number[];
}

export async function benchWorker(context: CommandContext): Promise<void> {
  const { output } = context;
  const start = startProverHere(context);
  const first = await startFirst(start, usualProvers);
  const { alikeAsOne } = first.child;
  if (alikeAsOne) output.note(`GPUs of one name count as one: ${alikeAsOne}.`);
  const benches = [await benchOne(context, first.child, first.device)];
  for (const gpu of first.child.others) {
    try {
      const child = await start(first.kind, gpu);
      benches.push(await benchOne(context, child, child.device));
    } catch (error) {
      context.shutdown.throwIfAborted();
      output.note(
        `${gpu.name} is left out: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  const best = benches.reduce((one, other) =>
    other.worth.multiplier > one.worth.multiplier ? other : one,
  );
  const { prover, instead_of: reason } = best.device;
  const instead = reason === undefined ? "" : `, as ${reason}`;
  const multiplier = formatMultiplier(best.worth.multiplier);
  output.say(
    `${output.bold(multiplier)} of an RTX 3060 is to be expected, by ${prover}${instead}.`,
  );
  for (const { device, worth, memory } of benches) {
    if (benches.length > 1) output.say(output.bold(device.name));
    output.say(`Arithmetic: ${worth.gops.toFixed(1)} billion operations a second.`);
    output.say(`Memory: ${memoryText(memory, worth)}`);
  }
  if (benches.length > 1)
    output.say("The best of them counts, and the memory that all of them hold at once adds up.");
  output.say(
    output.dim(
      "A coordinator measures by its own clock, the way there included, and when others are tried who share this machine.",
    ),
  );
  const others = benches.filter((bench) => bench !== best).map(shownOf);
  output.json({ ...shownOf(best), others });
}

const shownOf = ({ device, worth, memory, size, spans }: Bench) => ({
  multiplier: formatMultiplier(worth.multiplier),
  ...{ gops: worth.gops, gigabytes_per_second: worth.gigabytesPerSecond, device },
  ...{ memory_bytes: memory?.bytes ?? null, n: size.n, layers: size.layers, spans_ms: spans },
});

const memoryText = (memory: ProvenMemory | undefined, { gigabytesPerSecond }: Worth): string =>
  memory
    ? `${(memory.bytes / 2 ** 30).toFixed(1)} GiB held, and read at ${gigabytesPerSecond.toFixed(1)} GB/s. Larger models would not be listed.`
    : `none was shown (a processor's is not asked for); ${gigabytesPerSecond.toFixed(1)} GB/s are counted.`;

/** Ends the process of it. */
async function benchOne(
  context: CommandContext,
  child: ProverChild,
  device: ProvingDevice,
): Promise<Bench> {
  const { output, shutdown } = context;
  using _prover = child;
  shutdown.addEventListener("abort", () => child[Symbol.dispose](), { once: true });
  const progress = output.progress(`Proving on ${device.name}`);
  let done = 0;
  const begin = (what: string) => progress.update(Math.min(1, done++ / usualTasks), what);
  const { size, spans } = await measureArithmetic(context, child, begin);
  const memory = await measureMemory(context, child, begin);
  progress.done();
  return { device, memory, size, spans, worth: worthOf(size, spans, memory ?? "none") };
}

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
