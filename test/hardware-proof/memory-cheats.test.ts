/** What a prover cannot do that left something out of its walk, or holds less than the dataset. */
import { expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { systemRandom } from "../../src/base/random.ts";
import { drawLanes, memoryTask } from "../../src/coordinator/verification/memory-challenge.ts";
import {
  checkMemory,
  type MemoryClaim,
} from "../../src/coordinator/verification/check/check-memory.ts";
import { provenMemory } from "../../src/coordinator/verification/proven-memory.ts";
import { sha256, toBase64url } from "../../src/protocol/bytes.ts";
import {
  groupBytes,
  itemsPerSegment,
  memoryCommitmentOf,
  type MemoryTask,
} from "../../src/protocol/hardware-proof/memory.ts";
import { repeatableRandom } from "../../src/protocol/sealed-stream.fixture.ts";
import { commitMemory } from "../../src/worker/proof/commit-memory.ts";
import {
  createReferenceMemoryProver,
  type MemoryProver,
} from "../../src/worker/proof/memory-prover.ts";
import { countedWork } from "./counted-work.ts";

const prover = createReferenceMemoryProver({ clock: systemClock });
const { signal } = new AbortController();
const binding = { session: "a-session", node: "a-node" };
const task = memoryTask(sha256("the secret"), binding, { segments: 1, passes: 64 });
const commit = (walker: MemoryProver) => commitMemory(walker, task, async () => task, signal);
const honest = commit(prover);

/** What a coordinator hears of an honest prover, and what was changed of it. */
async function verdict(change: Partial<MemoryClaim> = {}, memory = honest) {
  const { root, open } = await memory;
  const asked = drawLanes(systemRandom, task);
  const commitment = memoryCommitmentOf(binding, task, root);
  return checkMemory({ binding, task, commitment, asked, opening: open(asked), ...change }).kind;
}

test("an honest walk passes", async () => {
  expect(await verdict()).toBe("right");
});

/** Spoils lanes, and commits to that. */
const spoilt = (isSpoilt: (lane: number) => boolean): MemoryProver => ({
  ...prover,
  walk: (dataset, filled, take, stop) => {
    let lane = 0;
    const spoil = (results: Uint8Array) => {
      for (let at = 0; at < results.length; at += 16, lane += 1)
        if (isSpoilt(lane)) results[at]! ^= 1;
      take(results);
    };
    return prover.walk(dataset, filled, spoil, stop);
  },
});

test("lanes that were made up are found where they are asked for", async () => {
  const memory = commit(spoilt(() => true));
  expect(await verdict({}, memory)).toBe("wrong_walk");
});

test("a share of the lanes that was left out passes with one chance in (1 − f)^16", async () => {
  const share = 0.1;
  const isSpoilt = (lane: number) => lane % 10 === 7;
  const chance = (1 - share) ** 16;
  const random = repeatableRandom("lanes");
  const drawn = Array.from({ length: 2_000 }, () => drawLanes(random, task));
  const passes = drawn.filter((lanes) => !lanes.some(isSpoilt)).length;
  const deviation = Math.sqrt(drawn.length * chance * (1 - chance));
  expect(Math.abs(passes - drawn.length * chance)).toBeLessThan(4.5 * deviation);
});

test("an answer of another node, session, seed or size is refused", async () => {
  expect(await verdict({ binding: { ...binding, node: "another" } })).toBe("other_commitment");
  expect(await verdict({ binding: { ...binding, session: "another" } })).toBe("other_commitment");
  expect(await verdict({ task: { ...task, seed: sha256("another") } })).toBe("other_commitment");
  expect(await verdict({ task: { ...task, walkSeed: sha256("another") } })).toBe(
    "other_commitment",
  );
  expect(await verdict({ task: { ...task, segments: 2 } })).toBe("malformed");
});

test("results that were computed only when asked for do not fit the commitment", async () => {
  const memory = commit(spoilt(() => true));
  const { root } = await memory;
  expect(await verdict({ commitment: memoryCommitmentOf(binding, task, root) })).toBe(
    "other_commitment",
  );
});

test.each([
  ["no group", () => ({ groups: [] })],
  [
    "a group too short",
    () => ({ groups: [{ results: toBase64url(new Uint8Array(16)), path: "" }] }),
  ],
  ["no path", () => ({ groups: [{ results: toBase64url(new Uint8Array(groupBytes)), path: "" }] })],
])("an opening with %s is malformed", async (_, opening) => {
  expect(await verdict({ asked: [5], opening: opening() })).toBe("malformed");
});

test("half of the dataset is at least twice the work, and what is proven is at most what was held", () => {
  const twice: MemoryTask = { ...task, segments: 2 };
  const one = itemsPerSegment;
  expect(countedWork(twice, one)).toBeGreaterThan(2 * countedWork(twice, 2 * one));
  // As fast as it does its work.
  const provenBy = (held: number) =>
    provenMemory(
      [task, twice].map((walked) => ({ ...walked, spanMs: countedWork(walked, held) / 1e6 })),
    )?.bytes;
  expect(provenBy(one)).toBe(2 ** 20);
  expect(provenBy(2 * one)).toBe(2 ** 21);
});

test("on a GPU that computes an item as fast as it reads five, a dataset a quarter too large is found out", () => {
  const walk = (segments: number, missing: number) => ({
    ...{ segments, passes: 64 },
    spanMs: segments * (1 + 5 * missing),
  });
  expect(provenMemory([walk(4_096, 0), walk(5_120, 0.2)])?.bytes).toBe(4_096 * 2 ** 20);
});
