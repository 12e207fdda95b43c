/**
 * What was read of the books a moment ago, by id: warm calls spare the database, and while it is away what moves nothing
 * goes on by what was read last.
 */
import { boundedMap } from "../../base/bounded-map.ts";
import type { Clock } from "../../base/clock.ts";
import { TroopError } from "../../protocol/error-codes.ts";

/** A PostgreSQL that is restarted, or hands over to its standby, is back within a minute. */
export const booksAwayMs = 60_000;
/** How long nobody asks books that were just found away: a server that is silent keeps each who asks for seconds. */
const askAgainMs = 5_000;

export interface RememberedOptions {
  clock: Pick<Clock, "monotonic">;
  /** How long nobody need ask again. */
  freshMs: number;
  /** Entries. */
  most: number;
}

export function createRemembered<Value>({ clock, freshMs, most }: RememberedOptions) {
  const entries = boundedMap<string, { value: Value; readAt: number }>(most);
  /** Counts what was forgotten: what was read before is not remembered after. */
  let forgotten = 0;
  let isAwayUntil = -Infinity;

  function within(id: string, ageMs: number): Value | undefined {
    const entry = entries.get(id);
    return entry && clock.monotonic() - entry.readAt < ageMs ? entry.value : undefined;
  }

  function forget(id: string): void {
    forgotten += 1;
    entries.delete(id);
  }

  /** What the books said before ends with what they say now, also where they refuse. */
  function correct(id: string): void {
    if (entries.has(id)) forget(id);
  }

  async function read(
    id: string,
    ask: () => Promise<Value | undefined>,
  ): Promise<Value | undefined> {
    const [before, readAt] = [forgotten, clock.monotonic()];
    try {
      const value = await ask();
      if (value === undefined) correct(id);
      else if (before === forgotten) entries.set(id, { value, readAt });
      return value;
    } catch (error) {
      if (!isAway(error)) correct(id);
      throw error;
    }
  }

  return {
    forget,
    /** From the books. */
    read,

    /** From memory, as long as that is fresh. @throws TroopError `ledger_unavailable`, and what `ask` throws */
    find: async (id: string, ask: () => Promise<Value | undefined>): Promise<Value | undefined> =>
      within(id, freshMs) ?? read(id, ask),

    /**
     * As `find`; while the books are away what was read before counts for a minute longer. Not for whom credits are moved
     * for: the books may be back by then, and have the key revoked.
     */
    async findMeanwhile(
      id: string,
      ask: () => Promise<Value | undefined>,
    ): Promise<Value | undefined> {
      const isAwayNow = clock.monotonic() < isAwayUntil;
      const known = within(id, isAwayNow ? freshMs + booksAwayMs : freshMs);
      if (known !== undefined) return known;
      // Of many who would ask books that were away, one does; the others go on by memory until it has heard.
      const mayBeBack =
        isAwayUntil !== -Infinity && within(id, freshMs + booksAwayMs) !== undefined;
      if (mayBeBack) isAwayUntil = clock.monotonic() + askAgainMs;
      try {
        const value = await read(id, ask);
        isAwayUntil = -Infinity;
        return value;
      } catch (error) {
        isAwayUntil = isAway(error) ? clock.monotonic() + askAgainMs : -Infinity;
        if (!isAway(error)) throw error;
        // Looked up now: it may have been forgotten, or have become too old, while the books were waited for.
        const older = within(id, freshMs + booksAwayMs);
        if (older === undefined) throw error;
        return older;
      }
    },
  };
}

const isAway = (error: unknown): boolean =>
  error instanceof TroopError && error.code === "ledger_unavailable";
