/**
 * Byte-level byte-pair encoding as GPT-2 defined it, which llama.cpp calls `gpt2` / `gpt-2`:
 * text is cut into words, a word into bytes, and the earliest-learnt pair is merged first.
 */
import { byteCharacters, fromByteCharacters, toByteCharacters } from "./byte-alphabet.ts";

export interface Vocabulary {
  /** Control tokens, then the 256 bytes, then one token for each merge, then unused ones. */
  readonly tokens: readonly string[];
  /** How many of the first tokens are control tokens: never the result of encoding text. */
  readonly controls: number;
  /** `"left right"`, earliest first. */
  readonly merges: readonly string[];
}

export interface Tokenizer {
  encode(text: string): number[];
  /** Control tokens have no text. */
  decode(tokens: readonly number[]): string;
}

/** GPT-2's own pattern; llama.cpp applies the same. A word carries its leading space. */
const wordPattern = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

const wordsOf = (text: string): string[] => text.match(wordPattern) ?? [];
const pairAt = (parts: readonly string[], index: number): string =>
  `${parts[index]} ${parts[index + 1]}`;

function mergePair(parts: readonly string[], pair: string): string[] {
  const merged: string[] = [];
  for (let index = 0; index < parts.length; index += 1) {
    const matches = index + 1 < parts.length && pairAt(parts, index) === pair;
    merged.push(matches ? `${parts[index]}${parts[index + 1]}` : parts[index]!);
    if (matches) index += 1;
  }
  return merged;
}

interface CountedWord {
  parts: string[];
  readonly count: number;
}

/** The commonest pair; among equals the first by code units, so that learning has one outcome. */
function commonestPair(words: readonly CountedWord[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { parts, count } of words)
    for (let index = 0; index + 1 < parts.length; index += 1) {
      const pair = pairAt(parts, index);
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  let [best, bestCount]: [string | undefined, number] = [undefined, 1];
  for (const [pair, count] of counts)
    if (count > bestCount || (count === bestCount && best !== undefined && pair < best))
      [best, bestCount] = [pair, count];
  return best;
}

/** Learns `size` tokens in all from `text`; a pair seen once is not worth one. */
export function learnVocabulary(
  text: string,
  controls: readonly string[],
  size: number,
): Vocabulary {
  const occurrences = new Map<string, number>();
  for (const word of wordsOf(text)) occurrences.set(word, (occurrences.get(word) ?? 0) + 1);
  const words: CountedWord[] = Array.from(occurrences, ([word, count]) => ({
    parts: toByteCharacters(word),
    count,
  }));
  const tokens = [...controls, ...byteCharacters];
  const merges: string[] = [];
  while (tokens.length < size) {
    const pair = commonestPair(words);
    if (pair === undefined) break;
    merges.push(pair);
    tokens.push(pair.replace(" ", ""));
    for (const word of words) word.parts = mergePair(word.parts, pair);
  }
  while (tokens.length < size) tokens.push(`<|unused${tokens.length}|>`);
  return { tokens, controls: controls.length, merges };
}

export function createTokenizer({ tokens, controls, merges }: Vocabulary): Tokenizer {
  const idOfToken = new Map(tokens.map((token, id) => [token, id]));
  const rankOfPair = new Map(merges.map((pair, rank) => [pair, rank]));

  function earliestPair(parts: readonly string[]): string | undefined {
    let [best, bestRank]: [string | undefined, number] = [undefined, Infinity];
    for (let index = 0; index + 1 < parts.length; index += 1) {
      const pair = pairAt(parts, index);
      const rank = rankOfPair.get(pair) ?? Infinity;
      if (rank < bestRank) [best, bestRank] = [pair, rank];
    }
    return best;
  }

  function encodeWord(word: string): number[] {
    let parts = toByteCharacters(word);
    for (let pair = earliestPair(parts); pair !== undefined; pair = earliestPair(parts))
      parts = mergePair(parts, pair);
    return parts.map((part) => idOfToken.get(part)!);
  }

  return {
    encode: (text) => wordsOf(text).flatMap(encodeWord),
    decode: (ids) =>
      fromByteCharacters(ids.map((id) => (id < controls ? "" : (tokens[id] ?? ""))).join("")),
  };
}
