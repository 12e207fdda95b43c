/** A node that proves itself to a running coordinator, call by call, and as fast as a test says. */
import { expect } from "vitest";
import { createWasmProver } from "../../worker/proof/wasm-prover.ts";
import { commitChain } from "../../worker/proof/commit-chain.ts";
import { systemClock } from "../../base/clock.ts";
import { fromBase64url, toBase64url } from "../../protocol/bytes.ts";
import { formatMultiplier } from "../../protocol/credits.ts";
import { commitmentOf } from "../../protocol/hardware-proof/commitment.ts";
import type { MemoryOpening } from "../../protocol/hardware-proof/memory-opening.ts";
import type { Opening, RowPlace } from "../../protocol/hardware-proof/opening.ts";
import type {
  ChainChallenge,
  Challenge,
  ProvingDevice,
} from "../../protocol/hardware-proof/wire.ts";
import type { Heartbeat } from "../../protocol/node.ts";
import type { Signer } from "../../protocol/signature.ts";
import { createMovedClock, type MovedClock } from "../clock.fixture.ts";
import { beatOf, type TestCoordinator } from "../coordinator.fixture.ts";
import type { RampSettings } from "./ramp.ts";
import { worthOf } from "./worth.ts";

/** What a fast node takes for the smallest task there is: as an RTX 3060's arithmetic alone would count as about 1. */
export const fastMs = 2 ** -7;
export const smallest: RampSettings = { targetMs: fastMs, largest: 256 };
/** What a node that always takes so long counts as. */
export const multiplierAt = (spanMs: number): string =>
  formatMultiplier(worthOf({ n: 256, layers: 4 }, [spanMs]).multiplier);

export interface FineClock extends MovedClock {
  /** How many wait for this moment, to the millisecond. */
  waitingFor(at: number): number;
}

/** Its monotonic time has fractions, as a real one's; a date has none. */
export function createFineClock(): FineClock {
  const clock = createMovedClock();
  const waiting: number[] = [];
  return {
    ...clock,
    now: () => Math.floor(clock.now()),
    timer(delayMs, callback) {
      waiting.push(clock.now() + delayMs);
      return clock.timer(delayMs, callback);
    },
    waitingFor: (at) => waiting.filter((due) => Math.abs(due - at) <= 1).length,
  };
}

/** Lets all of them wait for an instant, and passes it. */
export async function atInstant<Told>(
  clock: FineClock,
  at: number,
  asked: () => Promise<Told>[],
): Promise<Told[]> {
  clock.advance(at - 4_000 - clock.now());
  const told = asked();
  await expect.poll(() => clock.waitingFor(at)).toBe(told.length);
  // Not by one: what comes every thirty seconds would seem to wait for the next instant.
  clock.advance(at + 7 - clock.now());
  return Promise.all(told);
}

export const someDevice: ProvingDevice = { prover: "wasm", name: "a device" };
const prover = createWasmProver({ clock: systemClock });
const never = new AbortController().signal;

export interface Answered {
  root: string;
  open: (rows: readonly RowPlace[]) => Promise<Opening>;
}

/** What a prover makes of a challenge, for whichever node it says that it is. */
export async function compute(challenge: ChainChallenge, node: string): Promise<Answered> {
  const { session, n, layers } = challenge;
  const task = { seed: fromBase64url(challenge.seed)!, n, layers };
  const committed = await commitChain(prover, task, never);
  const root = toBase64url(commitmentOf({ session, node }, task, committed.layerRoots));
  return { root, open: (rows) => committed.open(rows, never) };
}

type AnySession = Pick<ChainChallenge, "session">;
type Called = ReturnType<TestCoordinator["call"]>;

export interface Prover {
  readonly node: Signer;
  /** The answer to a beat as PROVING, unless other fields are given; of a further GPU, to its call for the next task. */
  beat(fields?: Partial<Heartbeat>): Promise<{ challenge?: Challenge; multiplier: string }>;
  /** The next task. @throws Error where none comes */
  challenge(): Promise<ChainChallenge>;
  commit(session: AnySession, root: string, device?: ProvingDevice): Called;
  verify(session: AnySession, opening: Opening | MemoryOpening): Called;
  giveUp(session: AnySession): Called;
  /** A task, done honestly in so many milliseconds. */
  answer(challenge: ChainChallenge, tookMs?: number, device?: ProvingDevice): Promise<void>;
  /** The next task, done so. */
  session(tookMs?: number, device?: ProvingDevice): Promise<void>;
  /** Three of them, and the beat that makes the verdict. Its multiplier. */
  prove(tookMs?: number, device?: ProvingDevice): Promise<string>;
}

/**
 * @param node enrolled, and listed
 * @param gpu 1 and more: further ones
 */
export function proverOf(test: TestCoordinator, node: Signer, gpu = 0): Prover {
  const { call, clock } = test;
  let counter = 1;
  const self: Prover = {
    node,
    async beat(fields = {}) {
      if (gpu > 0) {
        const { filled } = fields;
        const asked = { gpu, ...(filled !== undefined && { filled }) };
        return (await call(node, "POST", "/hardware/next", asked)).body;
      }
      counter += 1;
      const { snapshot: _known, ...short } = beatOf({ status: "PROVING", ...fields, counter });
      const sent = fields.snapshot ? { ...short, snapshot: fields.snapshot } : short;
      return (await call(node, "POST", "/heartbeat", sent)).body;
    },
    async challenge() {
      const { challenge } = await self.beat();
      if (challenge?.kind === "chain") return challenge;
      throw new Error(`the coordinator says ${challenge?.kind ?? "nothing"}`);
    },
    commit: ({ session }, root, device = someDevice) =>
      call(node, "POST", "/hardware/commit", { session, root, device }),
    giveUp: ({ session }) =>
      call(node, "POST", "/hardware/commit", { session, gave_up: "it broke" }),
    verify: ({ session }, opening) => call(node, "POST", "/hardware/verify", { session, opening }),
    session: async (tookMs, device) => self.answer(await self.challenge(), tookMs, device),
    async answer(challenge, tookMs = fastMs, device = someDevice) {
      clock.advance(tookMs);
      const { root, open } = await compute(challenge, node.id);
      const { body } = await self.commit(challenge, root, device);
      await self.verify(challenge, await open(body.rows));
    },
    async prove(tookMs, device) {
      for (let number = 0; number < 3; number += 1) await self.session(tookMs, device);
      return (await self.beat()).multiplier;
    },
  };
  return self;
}

/** A listed node that has asked to be tried. */
export async function askingNode(test: TestCoordinator, owner: Signer): Promise<Prover> {
  const prover = proverOf(test, await test.serve(owner));
  await test.call(prover.node, "POST", "/hardware/challenge", {});
  return prover;
}

export const leadMs = 75_000;
export const slotMs = 30_000;

/** All of them wait for the instant, and get their tasks there. */
export const tasksAt = (
  clock: FineClock,
  at: number,
  provers: readonly Prover[],
): Promise<ChainChallenge[]> =>
  atInstant(clock, at, () => provers.map((prover) => prover.challenge()));

/** A round of two new nodes of one owner, and when it starts. */
export async function roundOfTwo(
  test: TestCoordinator,
  owner: Signer,
): Promise<{ both: [Prover, Prover]; startsAt: number }> {
  const both: [Prover, Prover] = [await askingNode(test, owner), await askingNode(test, owner)];
  const [first, second] = both;
  await second.beat({ status: "IDLE" });
  const startsAt = test.clock.now() + leadMs;
  await first.beat({ status: "IDLE" });
  await second.beat({ status: "IDLE" });
  return { both, startsAt };
}

/** Each has a prover of its own, and both take as long. */
export async function answerBoth(
  { clock }: Pick<TestCoordinator, "clock">,
  provers: readonly Prover[],
  tasks: readonly ChainChallenge[],
): Promise<void> {
  const done = await Promise.all(tasks.map((task, at) => compute(task, provers[at]!.node.id)));
  clock.advance(fastMs);
  for (const [at, prover] of provers.entries()) {
    const { body } = await prover.commit(tasks[at]!, done[at]!.root);
    await prover.verify(tasks[at]!, await done[at]!.open(body.rows));
  }
}
