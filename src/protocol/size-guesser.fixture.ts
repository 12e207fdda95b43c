/** A simple listener on the wire, who learns what sizes stand for and guesses the lengths of tokens by them. */

export interface SeenToken {
  /** Of the token's text. */
  length: number;
  /** What was seen on the wire. */
  size: number;
}

/** Learns from one half which length each size speaks for, and guesses those of the other. @returns the share guessed right */
export function guessedRight(seen: readonly SeenToken[]): number {
  const counts = new Map<number, Map<number, number>>();
  const half = Math.floor(seen.length / 2);
  for (const { length, size } of seen.slice(0, half)) {
    const lengths = counts.get(size) ?? new Map<number, number>();
    counts.set(size, lengths.set(length, (lengths.get(length) ?? 0) + 1));
  }
  const guessOf = (size: number) =>
    [...(counts.get(size) ?? [])].toSorted(([, a], [, b]) => b - a)[0]?.[0];
  const rest = seen.slice(half);
  return rest.filter(({ length, size }) => guessOf(size) === length).length / rest.length;
}
