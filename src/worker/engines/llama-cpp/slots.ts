/** Hands out the model's sequences, one request each, preferring the one that already knows the prompt's beginning. */
import type { Sequence, TokenId } from "./binding.ts";

export interface Slots {
  readonly total: number;
  readonly active: number;
  /** A sequence for this prompt, or undefined when all are taken: nothing queues here. */
  take(prompt: TokenId[]): Sequence | undefined;
  release(sequence: Sequence): void;
}

export function createSlots(sequences: readonly Sequence[]): Slots {
  const free = new Set(sequences);
  return {
    total: sequences.length,
    get active() {
      return sequences.length - free.size;
    },
    take(prompt) {
      let best: Sequence | undefined;
      let longest = -1;
      for (const sequence of free) {
        const known = sequence.compareContextTokens(prompt).firstDifferentIndex;
        if (known > longest) [best, longest] = [sequence, known];
      }
      if (best) free.delete(best);
      return best;
    },
    release: (sequence) => void free.add(sequence),
  };
}
