/** Nodes that could share a prover are tried at the same instants, and what they share is counted once. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDatabase, type TestService } from "../../../test/support/services.ts";
import type { ChainChallenge } from "../../protocol/hardware-proof/wire.ts";
import type { Signer } from "../../protocol/signature.ts";
import { makeSigner, openCoordinator, type TestCoordinator } from "../coordinator.fixture.ts";
import {
  answerBoth,
  askingNode,
  createFineClock,
  fastMs,
  type FineClock,
  leadMs,
  multiplierAt,
  type Prover,
  slotMs,
  smallest,
  tasksAt,
} from "./proving.fixture.ts";

let service: TestService;
let network: TestCoordinator;
let clock: FineClock;
let owner: Signer;
beforeEach(async () => {
  service = await createDatabase();
  clock = createFineClock();
  network = await openCoordinator({ databaseUrl: service.url, proofs: smallest }, clock);
  owner = await makeSigner();
});
afterEach(async () => {
  await network[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

/** A node that was proven alone, another of the same owner that is new, and when their round starts. */
async function openRound(): Promise<{ first: Prover; second: Prover; startsAt: number }> {
  const first = await askingNode(network, owner);
  expect(await first.prove()).toBe(multiplierAt(fastMs));
  await first.beat({ status: "IDLE" });
  const second = await askingNode(network, owner);
  const startsAt = clock.now() + leadMs;
  expect((await second.beat({ status: "IDLE" })).challenge).toEqual({ kind: "stand_by" });
  return { first, second, startsAt };
}

/** A twentieth of a span may be taken off, as the way there and back. */
function expectAbout(speed: number, share: number): void {
  expect(speed / share).toBeGreaterThan(0.99);
  expect(speed / share).toBeLessThan(1.06);
}

/** What it counts as, as a share of a node that takes `fastMs`. */
async function speedOf(prover: Prover): Promise<number> {
  const { multiplier } = await prover.beat();
  return (Number(multiplier) / Number(multiplierAt(fastMs))) ** (1 / 0.75);
}

/** One prover for both: whoever comes second waits until the first is served. */
async function shareOne(tasks: readonly ChainChallenge[], order: readonly Prover[], all: Prover[]) {
  for (const prover of order) await prover.answer(tasks[all.indexOf(prover)]!);
}

test.each([
  ["always the same first", [0, 0, 0]],
  ["by turns", [0, 1, 0]],
])("two that share one prover do not both pass at full speed: %s", async (_, firsts) => {
  const { first, second, startsAt } = await openRound();
  const all = [first, second];
  for (const [number, turn] of firsts.entries()) {
    const tasks = await tasksAt(clock, startsAt + number * slotMs, all);
    await shareOne(tasks, turn === 0 ? all : all.toReversed(), all);
  }
  await first.beat();
  const speeds = [await speedOf(first), await speedOf(second)];
  expectAbout(Math.min(...speeds), 1 / 2);
  expectAbout(Math.max(...speeds), 1);
});

test("two that have one each pass at full speed, at the same time", async () => {
  const { first, second, startsAt } = await openRound();
  for (let number = 0; number < 3; number += 1) {
    const both = [first, second];
    await answerBoth(network, both, await tasksAt(clock, startsAt + number * slotMs, both));
  }
  // Whoever has what it needs hears so once the other has as well.
  await Promise.all([first.beat(), second.beat()]);
  for (const prover of [first, second]) expectAbout(await speedOf(prover), 1);
});

test("who has what it needs goes on until the other has as well", async () => {
  const { first, second, startsAt } = await openRound();
  const all = [first, second];
  for (let number = 0; number < 4; number += 1) {
    const tasks = await tasksAt(clock, startsAt + number * slotMs, all);
    await shareOne(tasks, number === 0 ? [first] : all, all);
    // A prover that broke: what it measured before does not count, so that the others are still to come.
    if (number === 0) await second.giveUp(tasks[1]!);
  }
  await Promise.all(all.map((prover) => prover.beat()));
  expectAbout(await speedOf(second), 1 / 2);
});

test("one that stays away counts as having lent its hardware, and both are tried again", async () => {
  const { second, startsAt } = await openRound();
  for (let number = 0; number < 3; number += 1) {
    const [task] = await tasksAt(clock, startsAt + number * slotMs, [second]);
    await shareOne([task!], [second], [second]);
  }
  expectAbout(await speedOf(second), 1 / 2);
  clock.advance(2 * 3_600_000);
  expect((await second.beat({ status: "IDLE" })).challenge).toEqual({ kind: "stand_by" });
});

test("who comes to an instant as late as a task takes is out: the other's prover could do both in turn", async () => {
  const { first, second, startsAt } = await openRound();
  await tasksAt(clock, startsAt, [first]);
  clock.advance(1_500);
  expect(await second.beat()).not.toHaveProperty("challenge");
});

test("who misses an instant is out, and nobody waits for it", async () => {
  const { first, second, startsAt } = await openRound();
  const tasks = await tasksAt(clock, startsAt, [first, second]);
  await shareOne(tasks, [first, second], [first, second]);
  clock.advance(slotMs + 3_000);
  expect(await second.beat()).not.toHaveProperty("challenge");
});

test("who is used by its owner in the middle has missed its turn at the next instant", async () => {
  const { first, second, startsAt } = await openRound();
  const tasks = await tasksAt(clock, startsAt, [first, second]);
  await shareOne(tasks, [first, second], [first, second]);
  clock.advance(slotMs + 1_000);
  expect(await second.beat({ status: "BUSY" })).not.toHaveProperty("challenge");
});

test("one that begins and falls silent is not waited for, and counts as having lent its hardware", async () => {
  const { first, second, startsAt } = await openRound();
  const [task] = await tasksAt(clock, startsAt, [first, second]);
  await shareOne([task!], [first], [first]);
  for (const number of [1, 2])
    await shareOne(await tasksAt(clock, startsAt + number * slotMs, [first]), [first], [first]);
  clock.advance(1_000);
  expect(await first.beat()).not.toHaveProperty("challenge");
  expectAbout(await speedOf(first), 1 / 2);
});

test("while one of an owner's nodes is tried the other's trial waits: by turns one prover would do for both", async () => {
  const first = await askingNode(network, owner);
  await first.session();
  const second = await askingNode(network, owner);
  expect(await second.beat({ status: "IDLE" })).not.toHaveProperty("challenge");
  for (const _ of [2, 3]) await first.session();
  await first.beat();
  await first.beat({ status: "IDLE" });
  expect((await second.beat({ status: "IDLE" })).challenge).toEqual({ kind: "stand_by" });
  expect((await first.beat({ status: "BUSY" })).challenge).toEqual({ kind: "stand_by" });
});

test("one that is away while the other is tried is tried as soon as it is back, and busy or not, together with it", async () => {
  const first = await askingNode(network, owner);
  await first.prove();
  await first.beat({ status: "PAUSED" });
  const second = await askingNode(network, owner);
  expect(await second.prove()).toBe(multiplierAt(fastMs));
  await second.beat({ status: "BUSY", slots: { active: 2, total: 2 } });

  expect(await first.beat({ status: "PAUSED" })).not.toHaveProperty("challenge");
  const startsAt = clock.now() + leadMs;
  const back = await first.beat({ status: "BUSY", slots: { active: 2, total: 2 } });
  expect(back.challenge).toEqual({ kind: "stand_by" });
  const all = [first, second];
  for (let number = 0; number < 3; number += 1)
    await shareOne(await tasksAt(clock, startsAt + number * slotMs, all), all, all);
  await first.beat();
  const speeds = [await speedOf(first), await speedOf(second)];
  expectAbout(Math.min(...speeds), 1 / 2);
});
