/** Chance from a seed: the same seed gives the same numbers, bytes and UUIDs. */
import type { Random } from "../../../src/base/random.ts";

export interface SeededRandom extends Random {
  /** True with probability `share`. */
  chance(share: number): boolean;
  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number;
  pick<Item>(items: readonly Item[]): Item;
  /** A stream of its own, so that one part's draws do not move another's. */
  fork(name: string): SeededRandom;
}

/** mulberry32: 32 bits of state, far more than a simulation of some thousand draws needs. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const fraction = () => next() / 2 ** 32;
  const bytes = (length: number) => {
    const words = new Uint32Array(Math.ceil(length / 4));
    for (let index = 0; index < words.length; index += 1) words[index] = next();
    return new Uint8Array(words.buffer, 0, length);
  };
  const between = (least: number, most: number) =>
    least + Math.floor(fraction() * (most - least + 1));
  return {
    bytes,
    fraction,
    uuid() {
      const drawn = Buffer.from(bytes(16));
      drawn[6] = (drawn[6]! & 0x0f) | 0x40;
      drawn[8] = (drawn[8]! & 0x3f) | 0x80;
      const hex = drawn.toString("hex");
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
    },
    chance: (share) => fraction() < share,
    between,
    pick: (items) => items[between(0, items.length - 1)]!,
    fork(name) {
      let hash = seed ^ 0x9e3779b9;
      for (let index = 0; index < name.length; index += 1)
        hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
      return seededRandom(hash);
    },
  };
}
