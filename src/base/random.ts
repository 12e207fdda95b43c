/** The only door to chance. Everything else is handed a `Random`, so that a simulation can be replayed. */

export interface Random {
  /** Bytes fit for keys and secrets. */
  bytes(length: number): Uint8Array;
  /** A random UUID (version 4). */
  uuid(): string;
  /** A number in [0, 1), for jitter and choice only, never for secrets. */
  fraction(): number;
}

export const systemRandom: Random = {
  bytes: pooledBytes(),
  uuid: () => crypto.randomUUID(),
  fraction: () => Math.random(),
};

/**
 * Drawn ahead, since a call costs 2 µs whatever its length, and each request makes some. What was handed out is wiped
 * from the pool: nothing is given twice, and no key stays behind.
 */
function pooledBytes(): Random["bytes"] {
  const pool = new Uint8Array(4_096);
  let used = pool.length;
  return (length) => {
    if (length > pool.length) return crypto.getRandomValues(new Uint8Array(length));
    if (used + length > pool.length) {
      crypto.getRandomValues(pool);
      used = 0;
    }
    const bytes = pool.slice(used, used + length);
    pool.fill(0, used, used + length);
    used += length;
    return bytes;
  };
}

/** `delayMs` spread evenly over ± `share` of itself, so that many machines do not act at one instant. */
export function jitter(random: Random, delayMs: number, share = 0.1): number {
  return delayMs * (1 + share * (2 * random.fraction() - 1));
}
