/**
 * When a node is tried, and what a verdict does to its standing. Pure.
 *
 *   unproven ──proven──▶ proven ──a second proof missed──▶ stale ──proven──▶ proven
 *   any ──wrong opening──▶ refuted ──24 h, then proven──▶ proven
 *
 * A node asks for its first proof; from then on the coordinator decides when. What is known of a node's hardware is
 * as good as its last proof, so that one that does not prove loses a part of its multiplier each time.
 */
import type { Random } from "../../base/random.ts";
import { jitter } from "../../base/random.ts";
import type { Provenance } from "../../protocol/hardware-proof/wire.ts";
import { unprovenMultiplier } from "../accounts/enrolment.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Between two proofs at random, on average: a node that changed hands or hardware is found out within a day. */
export const meanMs = 12 * hourMs;
/** Chance has no memory, so that nobody can tell when the next is due; but not at once, and not never. */
const soonestMs = 10 * minuteMs;
const latestMs = 4 * meanMs;
/** After one that was missed, or was shared. */
const againMs = hourMs;
export const quarantineMs = 24 * hourMs;
/** Between two times that a node may ask: what it gets must not be the best of many. */
export const askAgainMs = 10 * minuteMs;
/** From one time to the next that a node brings about by saying that it is made of something else: for the same reason. */
export const changeRestMs = hourMs;
/** One that is due and never idle has missed it after so long. */
export const patienceMs = 24 * hourMs;
/** Of a neighbour by address, who may be a stranger. */
export const neighbourRestMs = hourMs;
/** Left of the multiplier by each proof that was missed, after the first: an owner may come back in the middle of one. */
const leftPercent = 70;

/**
 * Memory that was shown counts for so long, though less was free later: engines keep models in it. A month bounds what
 * lent hardware is good for.
 */
const memoryKeptMs = 30 * 24 * hourMs;

export interface HeldMemory {
  bytes: number;
  /** When that was shown, ms. */
  at: number;
}

export interface Standing {
  /** Ten-thousandths. */
  multiplier: number;
  provenance: Provenance;
  /** In a row. */
  missed: number;
  /** The most that was shown to be held; null: it was not measured. */
  memory: HeldMemory | null;
}

export type Outcome =
  /** `memoryBytes`: what was held this time; undefined: none. */
  | { kind: "proven"; multiplier: number; isShared: boolean; memoryBytes: number | undefined }
  | { kind: "refuted" }
  | { kind: "failed" };

export interface After extends Standing {
  dueAt: number;
  dueReason: DueReason;
  quarantinedUntil: number;
}

export const dueReasons = ["asked", "random", "changed", "again", "with_others", "owed"] as const;
/** `owed`: it was away when another was tried that it may share its hardware with. */
export type DueReason = (typeof dueReasons)[number];

/** What a node stands at after a verdict, and when it is tried again. */
export function afterVerdict(
  before: Standing,
  outcome: Outcome,
  now: number,
  random: Random,
): After {
  const again = { dueAt: now + jitter(random, againMs, 0.5), dueReason: "again" as const };
  switch (outcome.kind) {
    case "proven": {
      const next = { dueAt: now + randomWaitMs(random), dueReason: "random" as const };
      return {
        ...{ multiplier: outcome.multiplier, provenance: "proven", missed: 0, quarantinedUntil: 0 },
        memory: mostOf(before.memory, outcome.memoryBytes, now),
        ...(outcome.isShared ? again : next),
      };
    }
    case "refuted": {
      const quarantinedUntil = now + quarantineMs;
      const standing = {
        multiplier: unprovenMultiplier,
        provenance: "refuted",
        ...{ missed: 0, memory: heldSince(before.memory, now) },
      } as const;
      return { ...standing, quarantinedUntil, dueAt: quarantinedUntil, dueReason: "again" };
    }
    case "failed":
      return {
        ...missedOnce(before),
        memory: heldSince(before.memory, now),
        ...{ quarantinedUntil: 0, ...again },
      };
    default:
      return outcome satisfies never;
  }
}

const isKept = ({ at }: HeldMemory, now: number): boolean => at > now - memoryKeptMs;

/**
 * After a verdict that shows nothing. What was shown too long ago is none: unlike not having been measured, that lets
 * nothing be offered whose size is known.
 */
const heldSince = (before: HeldMemory | null, now: number): HeldMemory | null =>
  before && !isKept(before, now) ? { ...before, bytes: 0 } : before;

function mostOf(
  before: HeldMemory | null,
  bytes: number | undefined,
  now: number,
): HeldMemory | null {
  const kept = before && isKept(before, now) ? before : null;
  return bytes === undefined || (kept && kept.bytes > bytes) ? kept : { bytes, at: now };
}

function missedOnce(before: Standing): Standing {
  const { multiplier, provenance, missed } = before;
  const isProven = provenance === "proven" || provenance === "stale";
  if (!isProven) return before;
  const isForgiven = missed === 0;
  return {
    ...before,
    missed: missed + 1,
    provenance: isForgiven ? provenance : "stale",
    multiplier: isForgiven
      ? multiplier
      : Math.max(unprovenMultiplier, Math.floor((multiplier * leftPercent) / 100)),
  };
}

/** Exponential, between ten minutes and two days. */
const randomWaitMs = (random: Random): number =>
  Math.min(latestMs, Math.max(soonestMs, -meanMs * Math.log(1 - random.fraction())));

/** Whether asking brings a proof: who has one is tried when the coordinator thinks so. */
export const mayAsk = (
  { provenance, quarantinedUntil }: { provenance: Provenance; quarantinedUntil: number },
  now: number,
): boolean => provenance !== "proven" && quarantinedUntil <= now;
