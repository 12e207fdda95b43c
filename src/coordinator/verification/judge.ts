/** What a node's trials come to, one of each of its GPUs: pure, and of nothing that the node says of itself. */
import { formatMultiplier } from "../../protocol/credits.ts";
import type { ProvenGpu } from "../../protocol/hardware-proof/wire.ts";
import { cappedByService } from "./multiplier.ts";
import type { Outcome } from "./policy.ts";
import { rateKept } from "./proven-memory.ts";
import type { TaskSize } from "./ramp.ts";
import { type ShownMemory, type Worth, worthOf } from "./worth.ts";

/** What one trial came to. */
export type Ending =
  | {
      kind: "proven";
      size: TaskSize;
      spans: readonly number[];
      memory: ShownMemory;
      absent: number;
    }
  /** A row that was shown is not what was committed to, or was not computed. */
  | { kind: "refuted"; why: string }
  | { kind: "failed"; why: string };

export interface Judgement {
  outcome: Outcome;
  measured: Readonly<Record<string, unknown>>;
  /** Of each that passed, where there were several; null: there was one. */
  gpus: ProvenGpu[] | null;
}

/**
 * One that was refuted refutes the node, and one that failed counts as none. A second of the node is worth what its
 * best one is, whichever serves: who has a slow one too, and says so, is not worse off than who keeps it to himself.
 * Their memory adds up, since all of it was held at once, as far as it was read nearly as fast as the best one's: one
 * that holds nothing can compute what it should read, at a fifth of the rate or less (ADR 67), and what a node reads so
 * slowly is to set its multiplier.
 * @param endings in the order of the GPUs, one at least
 * @param served the multiplier that the node's answers amount to; undefined: too few were asked for
 */
export function judge(endings: readonly Ending[], served: number | undefined): Judgement {
  const refuted = endings.find((ending) => ending.kind === "refuted");
  const failed = refuted ?? endings.find((ending) => ending.kind === "failed");
  const proven = endings.filter((ending) => ending.kind === "proven").map(countOf);
  if (failed && (refuted || proven.length === 0))
    return { outcome: { kind: failed.kind }, measured: { why: failed.why }, gpus: null };
  const best = proven.reduce((one, other) =>
    other.worth.multiplier > one.worth.multiplier ? other : one,
  );
  const { multiplier: shown, ...worth } = best.worth;
  const multiplier = served === undefined ? shown : cappedByService(shown, served);
  const isFast = (gpu: Counted) =>
    gpu.worth.gigabytesPerSecond >= worth.gigabytesPerSecond * rateKept;
  const counted = proven.map((gpu) => (isFast(gpu) ? gpu : { ...gpu, bytes: undefined }));
  const held = counted.flatMap(({ bytes }) => (bytes === undefined ? [] : [bytes]));
  const memoryBytes = held.length === 0 ? undefined : held.reduce((sum, bytes) => sum + bytes, 0);
  const gpus = endings.length === 1 ? null : counted.map(shownOf);
  const { size, spans, absent } = best.ending;
  return {
    outcome: {
      kind: "proven",
      multiplier,
      isShared: proven.some(({ ending }) => ending.absent > 0),
      memoryBytes,
    },
    measured: {
      ...{ ...size, spans, absent, memory_bytes: memoryBytes ?? null, ...worth },
      served: served ?? null,
      ...(gpus && { gpus }),
    },
    gpus,
  };
}

type Proven = Extract<Ending, { kind: "proven" }>;

interface Counted {
  ending: Proven;
  worth: Worth;
  /** Undefined: it has shown none. */
  bytes: number | undefined;
}

function countOf(ending: Proven): Counted {
  const { size, spans, memory, absent } = ending;
  // Whoever could have lent their hardware meanwhile, and did not show that they did not.
  const worth = worthOf(size, spans, memory, 1 + absent);
  return { ending, worth, bytes: typeof memory === "string" ? undefined : memory.bytes };
}

const shownOf = ({ worth, bytes }: Counted): ProvenGpu => ({
  multiplier: formatMultiplier(worth.multiplier),
  memory_bytes: bytes ?? null,
});
