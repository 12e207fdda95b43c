/**
 * How large the next task of a trial is. It grows until one commitment takes as long as is wanted: long enough that
 * neither the network nor the start of a kernel counts, short enough that nobody waits. From then on the size stays,
 * and the middle of what it took is what counts. Pure.
 */
import { chainLayers, chainSizes, type ChainTask } from "../../protocol/hardware-proof/chain.ts";
import { type MemorySettings, usualMemory } from "./proven-memory.ts";

export type TaskSize = Pick<ChainTask, "n" | "layers">;
export interface Measured extends TaskSize {
  spanMs: number;
}

export interface RampSettings {
  /** What a commitment should take, give or take a third. */
  targetMs: number;
  /** At most this size. */
  largest: number;
  /** Undefined: memory is not asked for. */
  memory?: MemorySettings | undefined;
}

export const usualRamp: RampSettings = { targetMs: 3_000, largest: 8_192, memory: usualMemory };

export type Plan =
  | { kind: "grow"; size: TaskSize }
  /** `spans`: what commitments of this very size took, ms. */
  | { kind: "repeat"; size: TaskSize; spans: number[] };

/** Of one size, before their middle counts. */
export const repeatsWanted = 3;
/** A second on the slowest machine that could serve a model, and a few milliseconds on a GPU. */
const firstSize: TaskSize = { n: 512, layers: chainLayers.least };
/** From so short a time nothing is concluded about a task a hundred times as large. */
const stepMost = 64;
const tolerance = 1 / 3;
/** One whose times are all over the place is taken as it is: nodes that are tried together have seven tasks. */
const growthsMost = 5;

/** @param history what passed so far, in order */
export function planOf(history: readonly Measured[], settings: RampSettings): Plan {
  // Whoever took its time when the size was found, and shows its speed now, is given what fits that speed.
  const begun = history.findLastIndex((measured) => isTooShort(measured, settings)) + 1;
  const fitting = history.findIndex(
    (measured, index) =>
      index >= begun && (isRight(measured, settings) || index >= growthsMost - 1),
  );
  if (fitting >= 0) {
    const since = history.slice(fitting);
    return { kind: "repeat", size: sizeOf(since[0]!), spans: since.map(({ spanMs }) => spanMs) };
  }
  const last = history.at(-1);
  return { kind: "grow", size: last ? larger(last, settings) : within(firstSize, settings) };
}

const sizeOf = ({ n, layers }: TaskSize): TaskSize => ({ n, layers });

const isRight = (measured: Measured, settings: RampSettings): boolean => {
  const { targetMs } = settings;
  if (Math.abs(measured.spanMs - targetMs) <= targetMs * tolerance) return true;
  const { n, layers } = larger(measured, settings);
  return n === measured.n && layers === measured.layers;
};

/** Clearly shorter than what is taken as right, where there are larger tasks. */
const isTooShort = (measured: Measured, settings: RampSettings): boolean =>
  measured.spanMs < settings.targetMs / 2 && !isRight(measured, settings);

/** Of the size that should take the target; smaller where this one took longer. */
function larger({ n, layers, spanMs }: Measured, settings: RampSettings): TaskSize {
  const factor = Math.min(stepMost, Math.max(1 / stepMost, settings.targetMs / spanMs));
  return forWork(n ** 3 * layers * factor, settings);
}

function forWork(work: number, { largest }: RampSettings): TaskSize {
  const n =
    chainSizes.findLast((size) => size <= largest && size ** 3 * chainLayers.least <= work) ??
    chainSizes[0];
  const layers = Math.round(work / n ** 3);
  return { n, layers: Math.min(chainLayers.most, Math.max(chainLayers.least, layers)) };
}

const within = ({ n, layers }: TaskSize, { largest }: RampSettings): TaskSize => ({
  n: Math.min(n, largest),
  layers,
});
