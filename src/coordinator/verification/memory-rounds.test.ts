/** Nodes that could share memory look for what they hold by themselves, and read it at the same instant. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDatabase, type TestService } from "../../../test/support/services.ts";
import type { MemoryChallenge } from "../../protocol/hardware-proof/wire.ts";
import { makeSigner, openCoordinator, type TestCoordinator } from "../coordinator.fixture.ts";
import {
  gigabytesPerSecond,
  nextDataset,
  nextWalk,
  showWalk,
  walkOnce,
  withMemory,
  worthAt,
} from "./memory.fixture.ts";
import { unshownMost } from "./multiplier.ts";
import {
  answerBoth,
  atInstant,
  createFineClock,
  type FineClock,
  type Prover,
  roundOfTwo,
  slotMs,
  tasksAt,
} from "./proving.fixture.ts";

let service: TestService;
let network: TestCoordinator;
let clock: FineClock;
let all: Prover[];
beforeEach(async () => {
  service = await createDatabase();
  clock = createFineClock();
  network = await openCoordinator({ databaseUrl: service.url, proofs: withMemory }, clock);
  all = await provenTogether();
}, 60_000);
afterEach(async () => {
  await network[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

/** Six walks, and the check of each. */
const timeout = 90_000;

/** Two nodes of one owner whose arithmetic was measured at the same instants, each at full speed. */
async function provenTogether(): Promise<Prover[]> {
  const { both, startsAt } = await roundOfTwo(network, await makeSigner());
  for (let number = 0; number < 3; number += 1)
    await answerBoth(network, both, await tasksAt(clock, startsAt + number * slotMs, both));
  return both;
}

/** Each finds by itself what it holds. When they walk together. */
async function search(): Promise<number> {
  const [first, second] = all as [Prover, Prover];
  // Whose arithmetic is measured waits until that of the other is.
  expect((await first.beat()).challenge).toEqual({ kind: "stand_by" });
  for (const prover of [second, first]) for (const _ of [1, 2]) await walkOnce(network, prover);
  // The first is still looking, as far as is known.
  expect((await second.beat()).challenge).toEqual({ kind: "stand_by" });
  expect((await first.beat()).challenge).toEqual({ kind: "stand_by" });
  return clock.now() + 25_000;
}

const datasets = () => Promise.all(all.map(nextDataset));

/** All of them walk at the instant, on one memory: whoever comes second waits until the first is served. */
async function walkShared(at: number, held: readonly MemoryChallenge[]): Promise<void> {
  const walks = await atInstant(clock, at, () =>
    held.map((dataset, index) => nextWalk(all[index]!, dataset)),
  );
  for (const [index, dataset] of held.entries()) {
    expect(dataset.segments).toBe(2);
    await showWalk(network, all[index]!, dataset, walks[index]!);
  }
}

test("two that share one memory do not both count as fast as it is", { timeout }, async () => {
  const at = await search();
  await walkShared(at, await datasets());
  const [fast, slow] = await Promise.all(
    all.map(async (prover) => (await prover.beat()).multiplier),
  );
  expect(fast).toBe(worthAt(gigabytesPerSecond));
  // A twentieth of the span may be taken off, as the way there and back.
  expect(Number(slow)).toBeGreaterThan(Number(worthAt(gigabytesPerSecond / 2)) * 0.99);
  expect(Number(slow)).toBeLessThan(Number(worthAt(gigabytesPerSecond / 2)) * 1.06);
});

test(
  "who is not there when all walk has missed the proof, counts as having lent its memory, and keeps nobody waiting",
  { timeout },
  async () => {
    const at = await search();
    const [first, second] = all as [Prover, Prover];
    const dataset = await nextDataset(first);
    await nextDataset(second);
    const [walk] = await atInstant(clock, at, () => [nextWalk(first, dataset)]);
    await showWalk(network, first, dataset, walk!);
    expect((await first.beat()).multiplier).toBe(worthAt(gigabytesPerSecond / 2));
    clock.advance(slotMs);
    const late = await second.beat();
    expect(late).not.toHaveProperty("challenge");
    expect(late.multiplier).toBe("0.0500");
  },
);

test("who cannot hold it while the other does has shown none", { timeout }, async () => {
  const at = await search();
  const [first, second] = all as [Prover, Prover];
  const dataset = await nextDataset(first);
  await second.giveUp(await nextDataset(second));
  expect((await second.beat()).multiplier).toBe(worthAt(unshownMost));
  const [walk] = await atInstant(clock, at, () => [nextWalk(first, dataset)]);
  expect(walk!.passes).toBe(16);
});
