/** The published vectors, which a program that shares no code with ours worked out, come out of our provers too. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { checkMemory } from "../../src/coordinator/verification/check/check-memory.ts";
import { fromBase64url, toBase64url } from "../../src/protocol/bytes.ts";
import {
  computedItems,
  itemKey,
  laneKey,
  memoryCommitmentOf,
  type MemoryTask,
  walkLane,
} from "../../src/protocol/hardware-proof/memory.ts";
import {
  groupsToOpen,
  type MemoryOpening,
} from "../../src/protocol/hardware-proof/memory-opening.ts";
import { commitMemory } from "../../src/worker/proof/commit-memory.ts";
import { createReferenceMemoryProver } from "../../src/worker/proof/memory-prover.ts";

interface Vector {
  session: string;
  node: string;
  seed: string;
  segments: number;
  walk_seed: string;
  passes: number;
  keys: { items: number[]; lanes: number[] };
  items: { number: number; words: number[] }[];
  lanes: { lane: number; result: number[] }[];
  root: string;
  commitment: string;
}
interface OpenedVector extends Vector {
  asked: number[];
  groups: number[];
  opening: MemoryOpening;
}

const path = new URL("../vectors/hardware-proof/memory.json", import.meta.url);
const { tasks } = JSON.parse(readFileSync(path, "utf8")) as { tasks: Vector[] };
const taskOf = ({ seed, segments, walk_seed, passes }: Vector): MemoryTask => ({
  ...{ seed: fromBase64url(seed)!, segments },
  ...{ walkSeed: fromBase64url(walk_seed)!, passes },
});
const unsigned = (words: Int32Array) => [...new Uint32Array(words.buffer)];
const prover = createReferenceMemoryProver({ clock: systemClock });
const { signal } = new AbortController();

describe.each(tasks)("a dataset of $segments MiB, walked $passes times", (vector) => {
  const task = taskOf(vector);

  test("has these keys and items", () => {
    expect(unsigned(itemKey(task))).toEqual(vector.keys.items);
    expect(unsigned(laneKey(task))).toEqual(vector.keys.lanes);
    const item = new Int32Array(16);
    for (const { number, words } of vector.items) {
      computedItems(task)(number, item);
      expect(unsigned(item)).toEqual(words);
    }
  });

  test("is walked to these results", () => {
    const result = new Int32Array(4);
    for (const { lane, result: words } of vector.lanes) {
      walkLane(laneKey(task), task.segments, lane, computedItems(task), result);
      expect(unsigned(result)).toEqual(words);
    }
  });
});

test("the first is committed to and opened like this, and found right", async () => {
  const vector = tasks[0] as OpenedVector;
  const { asked, groups, opening } = vector;
  const task = taskOf(vector);
  const memory = await commitMemory(prover, task, async () => task, signal);
  const commitment = memoryCommitmentOf(vector, task, memory.root);
  expect(toBase64url(memory.root)).toBe(vector.root);
  expect(toBase64url(commitment)).toBe(vector.commitment);
  expect(groupsToOpen(asked)).toEqual(groups);
  expect(memory.open(asked)).toEqual(opening);
  const claim = { binding: vector, task, asked, opening, commitment };
  expect(checkMemory(claim)).toEqual({ kind: "right" });
});

test("the second, whose tree is filled up with zeros, is committed to like this", async () => {
  const vector = tasks[1]!;
  const task = taskOf(vector);
  const { root } = await commitMemory(prover, task, async () => task, signal);
  expect(toBase64url(root)).toBe(vector.root);
  expect(toBase64url(memoryCommitmentOf(vector, task, root))).toBe(vector.commitment);
});
