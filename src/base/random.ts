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
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  uuid: () => crypto.randomUUID(),
  fraction: () => Math.random(),
};

/** `delayMs` spread evenly over ± `share` of itself, so that many machines do not act at one instant. */
export function jitter(random: Random, delayMs: number, share = 0.1): number {
  return delayMs * (1 + share * (2 * random.fraction() - 1));
}
