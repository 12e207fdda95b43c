/**
 * Which keys of the ring sign and which are published at a moment. Pure.
 *
 *   added ──published, a day──▶ signs ──until the next does──▶ published until its last ticket is dead ──▶ forgotten
 */
import { limits } from "../../protocol/limits.ts";

const dayMs = 24 * 60 * 60_000;
/** Workers hear of a new key with their next beat, relays and replicas sooner or later: all of them within a day. */
export const publishedAheadMs = dayMs;
const lifeMs = 90 * dayMs;
/** A replica that is late to hear of the next one still signs with the one before; then its last ticket has to end. */
export const graceMs = 60 * 60_000 + limits.ticketLifeMs;

export interface Turn {
  number: number;
  /** ms; it signs from then on until the next one does. */
  usedFrom: number;
}

/** @param keys in the order of their numbers, at least one */
export function ringAt<Key extends Turn>(
  keys: readonly Key[],
  now: number,
): { signing: Key; published: Key[] } {
  const signing = keys.findLast(({ usedFrom }) => usedFrom <= now) ?? keys[0]!;
  const published = keys.filter((_key, index) => {
    const next = keys[index + 1];
    return next === undefined || now < next.usedFrom + graceMs;
  });
  return { signing, published };
}

/** Whether the latest has signed for so long that another must follow. */
export const isNextDue = (keys: readonly Turn[], now: number): boolean =>
  now >= keys.at(-1)!.usedFrom + lifeMs - publishedAheadMs;
