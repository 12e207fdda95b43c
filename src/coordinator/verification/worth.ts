/** What a trial's times come to: arithmetic and memory a second, and the multiplier that follows. Pure. */
import { operationsOf } from "../../protocol/hardware-proof/chain.ts";
import { gopsPerGigabyte, type Measured, multiplierOf } from "./multiplier.ts";
import type { TaskSize } from "./ramp.ts";

export interface Worth extends Measured {
  /** Ten-thousandths. */
  multiplier: number;
}

/**
 * Until memory is measured too, the least bandwidth counts with which so much arithmetic would.
 * @param spans what commitments of this size took, ms
 * @param sharers how many may have had this hardware meanwhile
 */
export function worthOf(size: TaskSize, spans: readonly number[], sharers = 1): Worth {
  const gops = operationsOf(size) / (middleOf(spans) * 1e6) / sharers;
  const gigabytesPerSecond = gops / gopsPerGigabyte;
  return { gops, gigabytesPerSecond, multiplier: multiplierOf({ gops, gigabytesPerSecond }) };
}

/** The middle; of an even number the slower of the two. */
const middleOf = (spans: readonly number[]): number =>
  spans.toSorted((left, right) => left - right)[Math.floor(spans.length / 2)]!;
