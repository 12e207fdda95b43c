/**
 * How often something happened of late, by name, counted exactly: the times themselves are kept, so that no window of
 * the length that is stated ever holds more than its limit, wherever it begins. Pure; time comes with each call.
 */

export interface Rate {
  /** Calls in any window of that length. */
  limit: number;
  windowMs: number;
}

export interface Charged {
  isAllowed: boolean;
  limit: number;
  /** Calls that are left at this moment. */
  remaining: number;
  /** Until the oldest call that counts leaves the window, and one more is allowed. */
  resetMs: number;
  /** A refusal, and the first one within a window. */
  isFirstRefusal: boolean;
}

export interface SlidingLog {
  /** Counts one call, unless that were one too many. @param now ms that never go back */
  charge(name: string, rate: Rate, now: number): Charged;
  /** The latest call that was counted does not count. */
  takeBack(name: string): void;
}

/** What is remembered at most. Who was quiet for longest is forgotten first, and begins anew. */
export interface SlidingLogBounds {
  names: number;
  /** Of all names together: one is 8 bytes. */
  times: number;
}

interface Entry {
  /** Oldest first. */
  times: number[];
  /** When the first refusal of a window was. */
  refusedAt: number;
}

export function createSlidingLog(most: SlidingLogBounds): SlidingLog {
  const entries = new Map<string, Entry>();
  let kept = 0;

  function forgetOldest(): void {
    for (const [name, { times }] of entries) {
      if (entries.size <= most.names && kept <= most.times) return;
      entries.delete(name);
      kept -= times.length;
    }
  }

  return {
    charge(name, { limit, windowMs }, now) {
      const entry = entries.get(name) ?? { times: [], refusedAt: -Infinity };
      const { times } = entry;
      const before = times.length;
      while (times.length > 0 && times[0]! <= now - windowMs) times.shift();
      const isAllowed = times.length < limit;
      const isFirstRefusal = !isAllowed && entry.refusedAt <= now - windowMs;
      if (isAllowed) times.push(now);
      if (isFirstRefusal) entry.refusedAt = now;
      kept += times.length - before;
      entries.delete(name);
      entries.set(name, entry);
      forgetOldest();
      // With a limit that was lowered more may be kept than it allows; one is free when the last of these leaves.
      const blocking = times[Math.max(0, times.length - limit)] ?? now;
      const remaining = Math.max(0, limit - times.length);
      return { isAllowed, limit, remaining, resetMs: blocking + windowMs - now, isFirstRefusal };
    },
    takeBack(name) {
      if (entries.get(name)?.times.pop() !== undefined) kept -= 1;
    },
  };
}
