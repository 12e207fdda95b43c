/** What a trial's times come to: arithmetic and memory a second, and the multiplier that follows. Pure. */
import { operationsOf } from "../../protocol/hardware-proof/chain.ts";
import { gopsPerGigabyte, type Measured, multiplierOf, unshownMost } from "./multiplier.ts";
import type { ProvenMemory } from "./proven-memory.ts";
import type { TaskSize } from "./ramp.ts";

export interface Worth extends Measured {
  /** Ten-thousandths. */
  multiplier: number;
}

/** What was shown of a node's memory. `not_asked`: this coordinator measures arithmetic alone. */
export type ShownMemory = ProvenMemory | "none" | "not_asked";

/**
 * @param spans what commitments of this size took, ms
 * @param sharers how many may have had this hardware meanwhile
 */
export function worthOf(
  size: TaskSize,
  spans: readonly number[],
  memory: ShownMemory = "not_asked",
  sharers = 1,
): Worth {
  const gops = operationsOf(size) / (middleOf(spans) * 1e6) / sharers;
  const gigabytesPerSecond = bandwidthOf(memory, gops, sharers);
  return { gops, gigabytesPerSecond, multiplier: multiplierOf({ gops, gigabytesPerSecond }) };
}

/** Unmeasured, it is the least with which so much arithmetic would count. */
function bandwidthOf(memory: ShownMemory, gops: number, sharers: number): number {
  const least = gops / gopsPerGigabyte;
  switch (memory) {
    case "not_asked":
      return least;
    case "none":
      return Math.min(least, unshownMost);
    default:
      return memory.gigabytesPerSecond / sharers;
  }
}

/** The middle; of an even number the slower of the two. */
const middleOf = (spans: readonly number[]): number =>
  spans.toSorted((left, right) => left - right)[Math.floor(spans.length / 2)]!;
