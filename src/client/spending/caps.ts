/**
 * How much may be spent in an hour and in a day, and when there is room again. Pure.
 *
 * Windows slide, in whole minutes: what was spent counts from the beginning of its minute until a window after that
 * minute's end, so never for too short.
 */
import type { Micro } from "../../protocol/credits.ts";

export const windowsMs = { hourly: 3_600_000, daily: 86_400_000 } as const;
export type Window = keyof typeof windowsMs;
export const windows = ["hourly", "daily"] as const satisfies readonly Window[];

/** Micro-credits; undefined: no cap. */
export type Caps = Readonly<Record<Window, Micro | undefined>>;

export const noCaps: Caps = { hourly: undefined, daily: undefined };

const minuteMs = 60_000;

/** @param now ms. @returns its minute, counted from the epoch */
export const minuteOf = (now: number): number => Math.floor(now / minuteMs);

/** The oldest minute that counts. What a clock that was put back left in the future counts too. */
export const firstMinute = (now: number, window: Window): number =>
  minuteOf(now - windowsMs[window]);

/** What was spent within one minute, what was reserved for answers that run included. */
export interface Minute {
  minute: number;
  micro: Micro;
}

/** Of one window: all that counts in it, and of that the part reserved for answers that run. */
export interface Used {
  all: Micro;
  running: Micro;
}

/** How a cap refuses, and when it would not. */
export type Room =
  | { kind: "later"; inMs: number }
  /** As soon as answers that run now are there. */
  | { kind: "soon" }
  /** It is more than the cap alone. */
  | { kind: "never" };

/** What is free fits always: one's own nodes may be asked whatever was spent elsewhere. */
export const fits = (cap: Micro | undefined, used: Micro, amount: Micro): boolean =>
  cap === undefined || amount === 0n || used + amount <= cap;

/**
 * For an amount that does not fit.
 * @param minutes those that count, oldest first
 */
export function roomFor(
  amount: Micro,
  cap: Micro,
  used: Used,
  minutes: readonly Minute[],
  window: Window,
  now: number,
): Room {
  if (amount > cap) return { kind: "never" };
  if (used.all - used.running + amount <= cap) return { kind: "soon" };
  let over = used.all + amount - cap;
  for (const { minute, micro } of minutes) {
    over -= micro;
    if (over <= 0n)
      return { kind: "later", inMs: (minute + 1) * minuteMs + windowsMs[window] - now };
  }
  return { kind: "soon" };
}
