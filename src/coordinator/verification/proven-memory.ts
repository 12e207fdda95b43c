/**
 * How much memory a node has shown to hold, and what it may offer with it. Pure.
 *
 * Datasets grow from walk to walk. A node that does not hold all of one computes items again, and reads visibly fewer
 * bytes a second than it did from the smaller ones; what it had before that walk is what is proven. One that slows the
 * smaller walks down to hide this has shown a slow memory, which is what its multiplier is then made of.
 */
import {
  heldBytes,
  type MemorySize,
  passesMost,
  passesUnit,
  segments,
  walkedBytes,
} from "../../protocol/hardware-proof/memory.ts";
import type { Model } from "../../protocol/node.ts";
import { parametersOf } from "../ledger/tariff.ts";

/** A walk that passed. */
export interface PassedWalk extends MemorySize {
  /** From telling how to walk to the commitment. */
  readonly spanMs: number;
}

/** A walk that was asked for; no time: it did not pass, or not in time, or the dataset was never held. */
export interface TriedWalk extends MemorySize {
  readonly spanMs: number | null;
}

export interface ProvenMemory {
  readonly bytes: number;
  /** As read from the largest dataset that was held. */
  readonly gigabytesPerSecond: number;
}

/**
 * Of the fastest smaller walk. Reading at random becomes slower in larger memories by itself, as fewer addresses are
 * at hand: by up to a quarter. A fifth that is missing costs half on every GPU there is: an item takes five times as
 * long to compute as to read, or more (ADR 67).
 */
export const rateKept = 2 / 3;

export const rateOf = (walk: PassedWalk): number => walkedBytes(walk) / (walk.spanMs * 1e6);

/** @param walks of one trial, in any order; of one size the fastest counts. Undefined where there is none */
export function provenMemory(walks: readonly PassedWalk[]): ProvenMemory | undefined {
  let proven: ProvenMemory | undefined;
  let best = 0;
  const inOrder = walks.toSorted(
    (left, right) => left.segments - right.segments || rateOf(right) - rateOf(left),
  );
  for (const walk of inOrder) {
    if (heldBytes(walk) === proven?.bytes) continue;
    const gigabytesPerSecond = rateOf(walk);
    if (gigabytesPerSecond < best * rateKept) break;
    best = Math.max(best, gigabytesPerSecond);
    proven = { bytes: heldBytes(walk), gigabytesPerSecond };
  }
  return proven;
}

/** Sizes are MiB. */
export interface MemorySettings {
  /** The first dataset. */
  first: number;
  /** At most this size. */
  largest: number;
  /** How often the first is read. */
  firstPasses: number;
  /** What a walk should take. */
  targetMs: number;
}

/** More than any cache of a current GPU, twice over; and long enough that the way there does not count. */
export const usualMemory: MemorySettings = {
  first: 512,
  largest: segments.most,
  firstPasses: 64,
  targetMs: 1_500,
};

/** The steps between the largest that was held and the smallest that was not. */
const growth = [2, 1.5, 1.25] as const;

export interface MemoryPlan {
  /** `done`: nothing more is to be learned. */
  kind: "walk" | "done";
  /** Of the next walk; when done, of one more as large as what is proven. */
  size: MemorySize;
  /** So far. */
  proven: ProvenMemory | undefined;
}

/**
 * What is asked for next.
 * @param tried in the order in which it was asked for
 * @param isOver no time is left to look further
 */
export function memoryPlanOf(
  tried: readonly TriedWalk[],
  settings: MemorySettings,
  isOver = false,
): MemoryPlan {
  const passed = tried.filter((walk): walk is PassedWalk => walk.spanMs !== null);
  const proven = provenMemory(passed);
  const held = proven ? proven.bytes / heldBytes({ segments: 1 }) : 0;
  const missed = tried.map((walk) => walk.segments).filter((size) => size > held);
  const before = passed.findLast((walk) => walk.segments <= held);
  const sized = (count: number) => ({
    segments: count,
    passes: passesFor(count, before, settings),
  });
  // Something else may have used the machine for a moment: a size counts as missed when it was missed twice.
  const again = missed.find((size) => missed.indexOf(size) === missed.lastIndexOf(size));
  const next = again ?? nextSegments(settings, held, Math.min(...missed));
  return isOver || next === undefined
    ? { kind: "done", size: sized(held), proven }
    : { kind: "walk", size: sized(next), proven };
}

/**
 * How large the next dataset of a trial is, MiB; undefined where nothing more is to be learned.
 * @param held the largest of which the walk passed and kept its rate, 0: none
 * @param missed the smallest that failed, or lost its rate
 */
function nextSegments(
  { first, largest }: Pick<MemorySettings, "first" | "largest">,
  held: number,
  missed = Infinity,
): number | undefined {
  if (held === 0) return missed === Infinity ? first : undefined;
  return growth
    .map((factor) => Math.floor(held * factor))
    .find((next) => next > held && next < missed && next <= largest);
}

/**
 * How often the next dataset is to be read.
 * @param count its segments
 * @param before the last walk that passed; undefined: this is the first
 */
export function passesFor(
  count: number,
  before: PassedWalk | undefined,
  { firstPasses, targetMs }: Pick<MemorySettings, "firstPasses" | "targetMs"> = usualMemory,
): number {
  if (!before) return firstPasses;
  const passes = (targetMs * walkedBytes(before)) / before.spanMs / heldBytes({ segments: count });
  const whole = Math.ceil(passes / passesUnit) * passesUnit;
  return Math.min(Math.max(whole, passesUnit), passesMost(count));
}

/** No build of a model has fewer: two bits for a parameter. */
const leastBytesPerParameter = 0.25;
/** Where a node says nothing: as prices guess it. */
const usualBytesPerParameter = 0.6;

/** What weights take at least: as its node says, who may say less than is true, or nothing; and as the name says. */
function leastSize({ name, size_bytes: claimed = 0 }: Pick<Model, "name" | "size_bytes">): number {
  const perParameter = claimed > 0 ? leastBytesPerParameter : usualBytesPerParameter;
  return Math.max(claimed, (parametersOf(name) ?? 0) * perParameter);
}

/**
 * The models that a node may offer: whose weights fit into the memory that was proven, as far as their size is known.
 * Part of what is proven holds the conversations, and is left for that by whoever chooses models for a machine: only
 * what cannot possibly fit is refused.
 * @param provenBytes undefined: a node that has shown no memory, which offers what it likes and counts as 0.18 at most
 */
export const modelsThatFit = <Offered extends Pick<Model, "name" | "size_bytes">>(
  models: readonly Offered[],
  provenBytes: number | undefined,
): Offered[] =>
  models.filter((model) => provenBytes === undefined || leastSize(model) <= provenBytes);
