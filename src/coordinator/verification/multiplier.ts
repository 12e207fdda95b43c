/**
 * What a second of a node is worth, from what was measured of it; an RTX 3060 is 1. Bandwidth counts for more than
 * arithmetic, since a model's answers are read from memory, token by token. Multipliers are ten-thousandths.
 */

/** Billions a second: of multiplications and additions in the chain, and of bytes in the walk through memory. */
export interface Measured {
  readonly gops: number;
  readonly gigabytesPerSecond: number;
}

/**
 * An RTX 3060. Provisional: 35 % of its data sheet's arithmetic (12,700), which is what a plain kernel reaches, and
 * its bandwidth as stated. docs/hardware.md says what was measured.
 */
export const reference: Measured = { gops: 4_445, gigabytesPerSecond: 360 };

const one = 10_000;
const least = 500;
const most = 200_000;
/**
 * Tensor cores compute the same products faster than they serve anybody: more than this for each GB/s is not counted.
 * Of their plain arithmetic, cards have 20 to 106 on paper.
 */
export const gopsPerGigabyte = 85;
/**
 * Who has shown no memory counts as no more than this, an ordinary processor's: else it would pay to show none, and to
 * compute by tensor cores.
 */
export const unshownMost = 20;
/** What served requests show is a lower bound, of whatever models were asked for; far above it is talk. */
const aboveServed = 1.5;

export function multiplierOf({ gops, gigabytesPerSecond }: Measured): number {
  const counted = Math.min(gops, gopsPerGigabyte * gigabytesPerSecond);
  const arithmetic = (counted / reference.gops) ** 0.3;
  const memory = (gigabytesPerSecond / reference.gigabytesPerSecond) ** 0.7;
  return clamp((arithmetic * memory) ** 0.75 * one);
}

/** @param served the multiplier that the node's served requests amount to */
export const cappedByService = (multiplier: number, served: number): number =>
  clamp(Math.min(multiplier, served * aboveServed));

/** Fails closed: what is no number counts as nothing. */
const clamp = (value: number): number =>
  Number.isFinite(value) ? Math.round(Math.min(Math.max(value, least), most)) : least;
