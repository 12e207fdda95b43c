/** A worker's prover ends 300 s after its first task: nobody's trial may wait longer for another's. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDatabase, type TestService } from "../../../test/support/services.ts";
import { limits } from "../../protocol/limits.ts";
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
import {
  answerBoth,
  askingNode,
  atInstant,
  createFineClock,
  fastMs,
  type FineClock,
  proverOf,
  roundOfTwo,
  slotMs,
  smallest,
  tasksAt,
} from "./proving.fixture.ts";
import type { RampSettings } from "./ramp.ts";

let service: TestService;
let network: TestCoordinator;
let clock: FineClock;
const open = async (proofs: RampSettings) => {
  clock = createFineClock();
  network = await openCoordinator({ databaseUrl: service.url, proofs }, clock);
};
beforeEach(async () => {
  service = await createDatabase();
});
afterEach(async () => {
  await network[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

const timeout = 90_000;

test(
  "who never has its three is out while the others can still show their memory",
  { timeout },
  async () => {
    await open(smallest);
    const { both, startsAt } = await roundOfTwo(network, await makeSigner());
    const [first, staller] = both;
    for (let number = 0; ; number += 1) {
      const [task, stalled] = await tasksAt(clock, startsAt + number * slotMs, both);
      // So much faster than before, each third time, that all is measured anew.
      const isSudden = number % 3 === 2;
      await staller.answer(stalled!, isSudden ? fastMs / 8 : fastMs);
      await first.answer(task!, isSudden ? (fastMs * 7) / 8 : 0);
      if (number === 6) break;
      if (number >= 2) expect((await first.beat()).challenge).toEqual({ kind: "stand_by" });
    }
    expect((await staller.beat()).challenge).toBeUndefined();
    expect((await first.beat()).challenge).toBeUndefined();
    expect((await first.beat()).multiplier).not.toBe("0.0500");
  },
);

test(
  "who looks for its dataset for ever does not keep others from the walk",
  { timeout },
  async () => {
    await open({ ...smallest, memory: { ...withMemory.memory!, largest: 4 } });
    const { both, startsAt } = await roundOfTwo(network, await makeSigner());
    const [first, staller] = both;
    for (let number = 0; number < 3; number += 1)
      await answerBoth(network, both, await tasksAt(clock, startsAt + number * slotMs, both));
    await staller.beat();
    await walkOnce(network, first);
    for (const _ of [1, 2]) await first.giveUp(await nextDataset(first));
    // As slowly as it may: it holds two sizes, and neither of the next.
    for (const isHeld of [true, true, false, false, false]) {
      expect((await first.beat()).challenge).toEqual({ kind: "stand_by" });
      const dataset = await nextDataset(staller);
      clock.advance(29_000);
      if (!isHeld) await staller.giveUp(dataset);
      else
        await showWalk(network, staller, dataset, await nextWalk(staller, dataset), () => 14_000);
    }
    await nextDataset(staller);
    clock.advance(startsAt + 256_000 - clock.now());
    expect((await first.beat()).challenge).toEqual({ kind: "stand_by" });
    const walksAt = clock.now() + 25_000;
    const dataset = await nextDataset(first);
    // Asked for at its next beat, and held before the instant.
    expect(clock.now() + limits.heartbeatMs + dataset.deadline_ms).toBeLessThan(walksAt);
    const [walk] = await atInstant(clock, walksAt, () => [nextWalk(first, dataset)]);
    await showWalk(network, first, dataset, walk!);
    expect((await first.beat()).multiplier).toBe(worthAt(gigabytesPerSecond / 2));
    expect(clock.now()).toBeLessThan(startsAt + limits.provingMs);
  },
);

test(
  "who still looks for its dataset when the instant is set walks what it has found",
  { timeout },
  async () => {
    await open({ ...smallest, memory: { ...withMemory.memory!, largest: 4 } });
    const { both, startsAt } = await roundOfTwo(network, await makeSigner());
    const [first, slow] = both;
    for (let number = 0; number < 3; number += 1)
      await answerBoth(network, both, await tasksAt(clock, startsAt + number * slotMs, both));
    await slow.beat();
    for (const prover of both) await walkOnce(network, prover);
    for (const _ of [1, 2]) await first.giveUp(await nextDataset(first));
    clock.advance(startsAt + 254_000 - clock.now());
    const larger = await nextDataset(slow);
    clock.advance(2_000);
    expect((await first.beat()).challenge).toEqual({ kind: "stand_by" });
    const walksAt = clock.now() + 25_000;
    await slow.giveUp(larger);
    const held = [await nextDataset(first), await nextDataset(slow)];
    expect(held.map(({ segments }) => segments)).toEqual([1, 1]);
    const walks = await atInstant(clock, walksAt, () =>
      both.map((prover, at) => nextWalk(prover, held[at]!)),
    );
    for (const [at, prover] of both.entries())
      await showWalk(network, prover, held[at]!, walks[at]!);
    for (const { beat } of both) expect((await beat()).multiplier).not.toBe("0.0500");
  },
);

test(
  "what ran when a node was told to stand by takes no time from its GPUs",
  { timeout },
  async () => {
    await open(withMemory);
    const first = await askingNode(network, await makeSigner());
    const second = proverOf(network, first.node, 1);
    await first.beat({ status: "IDLE" });
    await second.beat();
    clock.advance(limits.drainMs - 1_000);
    for (const prover of [first, second]) for (const _ of [1, 2, 3]) await prover.session();
    for (const _ of [1, 2]) {
      clock.advance(65_000);
      await walkOnce(network, first);
      await second.giveUp(await nextDataset(second));
    }
    expect((await first.beat()).challenge).toEqual({ kind: "stand_by" });
    // Had the instant been set already it would be asked for one more, or have missed it.
    expect((await first.beat()).challenge).toEqual({ kind: "stand_by" });
  },
);
