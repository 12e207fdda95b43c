/**
 * What is said of a node's record, and what it means for being chosen. Pure; how the coordinator arrives at it is in
 * `src/coordinator/reputation/`.
 */
import { z } from "zod";
import type { Random } from "../base/random.ts";
import { thumbprintText } from "./ids.ts";

/** `new`: too few jobs to say anything. */
export const reputationTiers = ["new", "good", "fair", "poor"] as const;
export type ReputationTier = (typeof reputationTiers)[number];

/** 1 is a spotless record. */
export const reputationScore = z.number().min(0).max(1);

/** Of a node that has had too few jobs: less than that of a good one, so that starting anew is no way out. */
export const neutralReputation = 0.85;

/** A node at half of the best one's score is asked a sixty-fourth as often. */
const steepness = 6;

/**
 * Leaves nodes out by chance, the more likely the further they are behind the best of them; the best one stays. Who
 * is chosen among the rest is decided by other rules, so a good record brings requests and not all of them.
 */
export function wellReputed<Item>(
  items: readonly Item[],
  reputationOf: (item: Item) => number | undefined,
  random: Pick<Random, "fraction">,
): Item[] {
  const scores = items.map((item) => reputationOf(item) ?? neutralReputation);
  const best = scores.reduce((most, score) => Math.max(most, score), 0);
  const stays = (score: number) =>
    score === best || random.fraction() < (score / best) ** steepness;
  return items.filter((_, index) => stays(scores[index]!));
}

const count = z.int().nonnegative();

/** Of a node, for whoever may list nodes. Scores are from 0 to 1. */
export const reputationAnswer = z.strictObject({
  node_id: thumbprintText,
  score: reputationScore,
  tier: z.enum(reputationTiers),
  /** That others gave it of late, as far as is looked; below five nothing is concluded from them. */
  jobs: count,
  /** Of the latest jobs those that reliability and performance come from, and how many failed or were disputed. */
  counted: count,
  failed: count,
  disputed: count,
  /** Whose jobs were counted. */
  requesters: count,
  parts: z.strictObject({
    /** Of the time since it was first listed, more of late: how much it was there of the time that it said it was. */
    availability: reputationScore,
    /** Share of the jobs that ended well. */
    reliability: reputationScore,
    /** How near its answers came to the pace that its multiplier promises; null where there was none to time. */
    performance: reputationScore.nullable(),
  }),
  /** What was found in comparisons with peers; null where it was not compared. */
  consistency: z.enum(["consistent", "inconsistent"]).nullable(),
  /** A sentence for each thing that lowers it. */
  why: z.array(z.string()),
});
export type ReputationAnswer = z.infer<typeof reputationAnswer>;
