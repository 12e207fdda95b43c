/**
 * The work that a node's memory is measured by: a dataset as large as the memory that it is to show, filled from a
 * seed, and only then walked by many lanes, each of which learns from an item which one it reads next.
 *
 * A lane's result needs all of its items, each of them anywhere in the dataset: who holds less of it computes an item
 * again, at hundreds of operations a byte (`computeItem`), for every read of what is missing. Whoever checks needs no
 * dataset, but computes the items of a few lanes. After Ethash, whose items are made of reads from a cache instead.
 * The exact bytes, with vectors for other provers: docs/protocol.md.
 */
import { sha256 } from "../bytes.ts";
import { hashBytes, merkleLevels } from "../merkle.ts";
import { scramble } from "./chain.ts";
import type { ProofBinding } from "./commitment.ts";
import { computeItem, itemWords } from "./memory-item.ts";

const mebibyte = 2 ** 20;
/** A dataset is so many segments of 1 MiB: as an item's place is drawn, all of them are equally likely but for 2^-15. */
export const segments = { least: 1, most: 2 ** 17 } as const;
export const itemBytes = 4 * itemWords;
export const itemsPerSegment = mebibyte / itemBytes;
/** Of a lane. Sixteen lanes are checked: 8,192 items of 5 to 10 µs. */
export const steps = 512;
const lanesPerPass = itemsPerSegment / steps;
/** Lanes that share a leaf of the tree. */
export const lanesPerGroup = 512;
/** So that groups are whole. */
export const passesUnit = lanesPerGroup / lanesPerPass;
/** The largest dataset walked the fewest times. */
const lanesMost = segments.most * lanesPerGroup;
/** Four words. */
export const resultBytes = 16;
export const groupBytes = lanesPerGroup * resultBytes;
export const memorySeedBytes = 32;

/** What is to be held. */
export interface Dataset {
  /** 32 bytes that nobody could know before. */
  readonly seed: Uint8Array;
  /** Of 1 MiB each. */
  readonly segments: number;
}

/** How it is walked: what nobody knows until the dataset is held, for only the walk is timed. */
export interface Walk {
  /** 32 bytes. */
  readonly walkSeed: Uint8Array;
  /** How often the dataset is read, on average; a multiple of `passesUnit`. */
  readonly passes: number;
}

export type MemoryTask = Dataset & Walk;
export type MemorySize = Pick<MemoryTask, "segments" | "passes">;

export const isDataset = ({ seed, segments: count }: Dataset): boolean =>
  seed.length === memorySeedBytes &&
  Number.isInteger(count) &&
  count >= segments.least &&
  count <= segments.most;

export const isWalk = ({ segments: count }: Dataset, { walkSeed, passes }: Walk): boolean =>
  walkSeed.length === memorySeedBytes &&
  Number.isInteger(passes / passesUnit) &&
  passes > 0 &&
  passes <= passesMost(count);

/** Results of more lanes than that would fill the machine's own memory. */
export const passesMost = (count: number): number =>
  Math.floor(lanesMost / lanesPerGroup / count) * passesUnit;

export const lanesOf = ({ segments: count, passes }: MemorySize): number =>
  count * lanesPerPass * passes;

/** Bytes of the dataset. */
export const heldBytes = ({ segments: count }: Pick<Dataset, "segments">): number =>
  count * mebibyte;

/** Bytes that the walk reads: what is divided by the time it took. */
export const walkedBytes = (size: MemorySize): number => size.passes * heldBytes(size);

const keyOf = (label: string, seed: Uint8Array): Int32Array => {
  const bytes = sha256(label, seed);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Int32Array.from({ length: hashBytes / 4 }, (_, index) => view.getInt32(4 * index));
};
/** Of the items, eight words. */
export const itemKey = ({ seed }: Pick<Dataset, "seed">): Int32Array =>
  keyOf("troop-memory-items/1", seed);
/** Of the lanes' beginnings, eight words. */
export const laneKey = ({ walkSeed }: Pick<Walk, "walkSeed">): Int32Array =>
  keyOf("troop-memory-lanes/1", walkSeed);

/** FNV's prime: a state times it, mixed with an item, is another for every state and every item. */
const prime = 0x01000193;

/** Puts the item's 16 words where it is told. */
export type ReadItem = (number: number, item: Int32Array) => void;

/** Computes each item: what anybody can do who holds nothing. */
export function computedItems(dataset: Pick<Dataset, "seed">): ReadItem {
  const key = itemKey(dataset);
  return (number, item) => computeItem(key, number, item);
}

/**
 * Walks one lane.
 * @param key of the lanes
 * @param segmentCount of the dataset
 * @param result its four words, written to, little-endian in memory
 */
export function walkLane(
  key: Int32Array,
  segmentCount: number,
  lane: number,
  readItem: ReadItem,
  result: Int32Array,
): void {
  const state = new Int32Array(itemWords);
  const item = new Int32Array(itemWords);
  for (let index = 0; index < itemWords; index += 1)
    state[index] = scramble(Math.imul(itemWords * lane + index, 0x9e3779b1) ^ key[index % 8]!);
  for (let step = 0; step < steps; step += 1) {
    let [low, high] = [step, step];
    for (let index = 0; index < itemWords / 2; index += 1) {
      low ^= state[index]!;
      high ^= state[index + itemWords / 2]!;
    }
    const segment = (scramble(high) >>> 0) % segmentCount;
    readItem(segment * itemsPerSegment + (scramble(low) & (itemsPerSegment - 1)), item);
    for (let index = 0; index < itemWords; index += 1)
      state[index] = Math.imul(state[index]!, prime) ^ item[index]!;
  }
  for (let index = 0; index < 4; index += 1) {
    let word = state[index]!;
    for (let other = index + 4; other < itemWords; other += 4)
      word = Math.imul(word, prime) ^ state[other]!;
    result[index] = word;
  }
}

/** SHA-256 of the results of a group's lanes, one after another. */
export const groupDigest = (results: Uint8Array): Uint8Array => sha256(results);

/**
 * The tree over all groups; up to the next power of two its leaves are zeros.
 * @param digests of all groups, 32 bytes each
 */
export function groupTree(digests: Uint8Array): Uint8Array[] {
  const leaves = new Uint8Array(2 ** Math.ceil(Math.log2(digests.length / hashBytes)) * hashBytes);
  leaves.set(digests);
  return merkleLevels(leaves);
}

export const groupCount = (size: MemorySize): number => lanesOf(size) / lanesPerGroup;

/** Siblings from a group's leaf to the root. */
export const groupPathLength = (size: MemorySize): number => Math.ceil(Math.log2(groupCount(size)));

/** The commitment, 32 bytes. @param root of `groupTree` */
export function memoryCommitmentOf(
  { session, node }: ProofBinding,
  { seed, segments: count, walkSeed, passes }: MemoryTask,
  root: Uint8Array,
): Uint8Array {
  const head = `troop-memory-root/1\n${session}\n${node}\n${count}\n${passes}\n`;
  return sha256(head, seed, walkSeed, root);
}
