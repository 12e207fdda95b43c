/** A node of several GPUs: each is tried by itself, beside the others; and together they come to one verdict. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDatabase, type TestService } from "../../../test/support/services.ts";
import type { MemoryTask } from "../../protocol/hardware-proof/memory.ts";
import type { MemoryChallenge } from "../../protocol/hardware-proof/wire.ts";
import type { Signer } from "../../protocol/signature.ts";
import { makeSigner, openCoordinator, type TestCoordinator } from "../coordinator.fixture.ts";
import {
  gigabytesPerSecond,
  honestMs,
  nextDataset,
  nextWalk,
  showWalk,
  walkOnce,
  withMemory,
  worthAt,
} from "./memory.fixture.ts";
import { unshownMost } from "./multiplier.ts";
import {
  askingNode,
  atInstant,
  compute,
  createFineClock,
  type FineClock,
  type Prover,
  proverOf,
} from "./proving.fixture.ts";

const mebibyte = 2 ** 20;
const timeout = 60_000;
const standBy = { challenge: { kind: "stand_by" } };

let service: TestService;
let network: TestCoordinator;
let clock: FineClock;
let owner: Signer;
let first: Prover;
let second: Prover;
/** Its two GPUs take part, and nothing has been asked of them yet. */
beforeEach(async () => {
  service = await createDatabase();
  clock = createFineClock();
  network = await openCoordinator({ databaseUrl: service.url, proofs: withMemory }, clock);
  owner = await makeSigner();
  first = await askingNode(network, owner);
  second = proverOf(network, first.node, 1);
  await first.beat({ status: "IDLE" });
  await second.beat();
}, timeout);
afterEach(async () => {
  await network[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

const standing = async () => (await network.call(owner, "GET", `/nodes/${first.node.id}`)).body;

/** The arithmetic of each, and then how much each holds by itself; so fast as is said for its last walk. */
async function measureAlone(): Promise<void> {
  for (const prover of [first, second]) for (const _ of [1, 2, 3]) await prover.session();
  for (const prover of [first, second]) for (const _ of [1, 2]) await walkOnce(network, prover);
}

/** All that is left to be shown is that both hold theirs at once. The instant at which they walk. */
async function measured(): Promise<number> {
  await measureAlone();
  expect(await second.beat()).toEqual(standBy);
  expect(await first.beat()).toMatchObject(standBy);
  return clock.now() + 25_000;
}

/** Each walks what it holds at the instant, in as long as it takes by itself, times so much. */
async function walkTogether(at: number, slower: readonly [number, number]): Promise<void> {
  const both = [first, second];
  const held = await Promise.all(both.map(nextDataset));
  const walks = await atInstant(clock, at, () =>
    held.map((dataset, index) => nextWalk(both[index]!, dataset)),
  );
  const began = clock.now();
  for (const [index, prover] of both.entries()) {
    const left = (task: MemoryTask) => began + honestMs(task) * slower[index]! - clock.now();
    const tookMs = (task: MemoryTask) => Math.max(0, left(task));
    await showWalk(network, prover, held[index]!, walks[index]!, tookMs);
  }
}

/** One of them alone. */
async function walkAt(at: number, prover: Prover, dataset: MemoryChallenge): Promise<void> {
  const [walk] = await atInstant(clock, at, () => [nextWalk(prover, dataset)]);
  await showWalk(network, prover, dataset, walk!);
}

test("holds as much as all of them hold at once, and counts as its best", { timeout }, async () => {
  await walkTogether(await measured(), [1, 1.4]);
  expect(await first.beat()).toMatchObject(standBy);
  expect(await second.beat()).toEqual({});
  const { multiplier } = await first.beat();
  expect(multiplier).toBe(worthAt(gigabytesPerSecond));
  const known = await standing();
  expect(known).toMatchObject({ provenance: "proven", multiplier, memory_bytes: 4 * mebibyte });
  expect(known.gpus).toHaveLength(2);
  expect(known.gpus[0]).toEqual({ multiplier, memory_bytes: 2 * mebibyte });
  expect(known.gpus[1].memory_bytes).toBe(2 * mebibyte);
  expect(Number(known.gpus[1].multiplier)).toBeLessThan(Number(multiplier));
});

test("of which one reads so slowly that it could compute what it reads counts without its memory", async () => {
  await walkTogether(await measured(), [1, 1.6]);
  await second.beat();
  const { multiplier } = await first.beat();
  expect(multiplier).toBe(worthAt(gigabytesPerSecond));
  expect(await standing()).toMatchObject({
    memory_bytes: 2 * mebibyte,
    gpus: [{ memory_bytes: 2 * mebibyte }, { memory_bytes: null }],
  });
});

test("that are one memory under two numbers show it once", { timeout }, async () => {
  const at = await measured();
  const dataset = await nextDataset(first);
  await second.giveUp(await nextDataset(second));
  await walkAt(at, first, dataset);
  await second.beat();
  await first.beat();
  expect(await standing()).toMatchObject({
    ...{ memory_bytes: 2 * mebibyte, multiplier: worthAt(unshownMost) },
    // What this coordinator's smallest walks take is less than what counts without any.
    gpus: [
      { multiplier: worthAt(gigabytesPerSecond), memory_bytes: 2 * mebibyte },
      { multiplier: worthAt(unshownMost), memory_bytes: null },
    ],
  });
});

test("of which one falls silent counts as the others, once that is sure", { timeout }, async () => {
  for (const _ of [1, 2, 3]) await first.session();
  await second.challenge();
  for (const _ of [1, 2]) await first.giveUp(await nextDataset(first));
  expect(await first.beat()).toMatchObject(standBy);
  clock.advance(60_000);
  expect(await first.beat()).toMatchObject(standBy);
  expect(await standing()).toMatchObject({ provenance: "unproven" });
  clock.advance(31_000);
  const { challenge, multiplier } = await first.beat();
  expect(challenge).toBeUndefined();
  // Nobody's hardware was lent: it is the same node's.
  expect(multiplier).toBe(worthAt(unshownMost));
  expect(await standing()).toMatchObject({ provenance: "proven", memory_bytes: null });
  expect(await second.beat()).toEqual({});
});

test("of which one shows what it did not compute is refuted as a whole, at once", async () => {
  const challenge = await second.challenge();
  await first.challenge();
  const { root, open } = await compute(challenge, "another-node");
  clock.advance(1);
  const { body } = await second.commit(challenge, root);
  const verdict = await second.verify(challenge, await open(body.rows));
  expect(verdict.body).toMatchObject({ outcome: "wrong" });
  expect(await standing()).toMatchObject({ provenance: "refuted", multiplier: "0.0500" });
  expect((await first.beat()).challenge).toBeUndefined();
});

test("of which one breaks is proven by the other, to which it lent nothing", async () => {
  for (const _ of [1, 2]) await first.giveUp(await first.challenge());
  for (const _ of [1, 2, 3]) await second.session();
  for (const _ of [1, 2]) await walkOnce(network, second);
  expect(await second.beat()).toEqual(standBy);
  const at = clock.now() + 25_000;
  await walkAt(at, second, await nextDataset(second));
  expect(await second.beat()).toEqual({});
  const multiplier = worthAt(gigabytesPerSecond);
  expect(await standing()).toMatchObject({
    ...{ provenance: "proven", multiplier, memory_bytes: 2 * mebibyte },
    gpus: [{ multiplier, memory_bytes: 2 * mebibyte }],
  });
});

test("of which all break has proven nothing", async () => {
  for (const prover of [first, second])
    for (const _ of [1, 2]) await prover.giveUp(await prover.challenge());
  expect(await standing()).toMatchObject({ provenance: "unproven", multiplier: "0.0500" });
  expect(await first.beat()).not.toHaveProperty("challenge");
});

test("has further ones before the first task, each once, and not when it is not tried", async () => {
  const third = proverOf(network, first.node, 2);
  // Whichever of them is asked first: else one would take part once it is known what another came to.
  const asked = await second.challenge();
  expect(await third.beat()).toEqual({});
  await second.giveUp(asked);
  await second.giveUp(await second.challenge());
  expect(await second.beat()).toEqual({});
  const other = proverOf(network, await network.serve(await makeSigner()), 1);
  expect(await other.beat()).toEqual({});
  expect(await proverOf(network, first.node, 8).beat()).toMatchObject({
    error: { code: "invalid_value" },
  });
});
