/**
 * Which of its sealing keys a worker shows, which it still opens with, and when it makes the next. Pure.
 *
 *   from ─── shown ──────────────────► until − overlap ── opened ──► until ── opened ──► until + grace, forgotten
 *                                      └ the next is made, and shown in its place
 *
 * Whoever was told of the older one may seal to it until it ends, and keeps on sending under that ticket: no request
 * is lost. Keys live in the worker's memory only. After a restart none is left, so that nothing recorded before can
 * be opened any more; clients are told `session_unknown` and seal anew.
 */
import { limits } from "./limits.ts";

/** Coordinator time, ms. */
export interface KeyLife {
  from: number;
  until: number;
}

export interface HeldKeys<Key> {
  /** The one to state; undefined where none can be. */
  shown: Key | undefined;
  /** All that a request may still be sealed to. The others are to be forgotten. */
  opened: Key[];
  /** Another key is to be made now. */
  isNextDue: boolean;
  /** When to ask again at the latest. */
  lookAgainAt: number;
}

const isShowable = ({ from, until }: KeyLife, now: number) =>
  from <= now + limits.clockSkewMs && now < until;
const forgottenAt = ({ until }: KeyLife) => until + limits.sealingKeyGraceMs;
const nextDueAt = ({ until }: KeyLife) => until - limits.sealingKeyOverlapMs;

/** @param now coordinator time, ms */
export function keysToHold<Key extends KeyLife>(now: number, keys: readonly Key[]): HeldKeys<Key> {
  const opened = keys.filter((key) => now < forgottenAt(key));
  const shown = opened
    .filter((key) => isShowable(key, now))
    .reduce<Key | undefined>(
      (newest, key) => (newest && newest.from > key.from ? newest : key),
      undefined,
    );
  const isNextDue = shown === undefined || now >= nextDueAt(shown);
  const times = [...opened.map(forgottenAt), ...(shown && !isNextDue ? [nextDueAt(shown)] : [])];
  return { shown, opened, isNextDue, lookAgainAt: Math.min(...times) };
}

/** The life of a key made now, in whole seconds, as its statement says it. @param now coordinator time, ms */
export function newKeyLife(now: number): KeyLife {
  const from = Math.floor(now / 1_000) * 1_000;
  return { from, until: from + limits.sealingKeyLifeMs };
}
