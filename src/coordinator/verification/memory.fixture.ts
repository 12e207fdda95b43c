/** A node that shows its memory to a running coordinator, call by call, and as fast as a test says. */
import { commitMemory } from "../../worker/proof/commit-memory.ts";
import { createReferenceMemoryProver } from "../../worker/proof/memory-prover.ts";
import { systemClock } from "../../base/clock.ts";
import { fromBase64url, toBase64url } from "../../protocol/bytes.ts";
import { formatMultiplier } from "../../protocol/credits.ts";
import {
  memoryCommitmentOf,
  type MemoryTask,
  walkedBytes,
} from "../../protocol/hardware-proof/memory.ts";
import type { MemoryOpening } from "../../protocol/hardware-proof/memory-opening.ts";
import type { MemoryChallenge, WalkChallenge } from "../../protocol/hardware-proof/wire.ts";
import type { TestCoordinator } from "../coordinator.fixture.ts";
import { gopsPerGigabyte, multiplierOf } from "./multiplier.ts";
import type { MemorySettings } from "./proven-memory.ts";
import { type Prover, smallest } from "./proving.fixture.ts";
import type { RampSettings } from "./ramp.ts";

/** Two walks: of one segment, and of two. */
const smallestMemory: MemorySettings = { first: 1, largest: 2, firstPasses: 16, targetMs: 1 };
export const withMemory: RampSettings = { ...smallest, memory: smallestMemory };
/** What a node reads that takes as long as is wanted for the first walk. */
export const gigabytesPerSecond = (16 * 2 ** 20) / (smallestMemory.targetMs * 1e6);
/** What a node counts as that reads so fast, in GB/s, and computes as much as is counted with that. */
export const worthAt = (rate: number): string =>
  formatMultiplier(multiplierOf({ gops: gopsPerGigabyte * rate, gigabytesPerSecond: rate }));
/** What a walk takes at that rate, ms. */
export const honestMs = (task: MemoryTask): number =>
  walkedBytes(task) / (gigabytesPerSecond * 1e6);

const memory = createReferenceMemoryProver({ clock: systemClock });
const never = new AbortController().signal;

export const taskOf = (dataset: MemoryChallenge, walk: WalkChallenge): MemoryTask => ({
  ...{ seed: fromBase64url(dataset.seed)!, segments: dataset.segments },
  ...{ walkSeed: fromBase64url(walk.walk_seed)!, passes: walk.passes },
});

/** What a prover makes of a walk, for whichever node it says that it is. */
export async function computeWalk(session: string, task: MemoryTask, node: string) {
  const committed = await commitMemory(memory, task, async () => task, never);
  const root = toBase64url(memoryCommitmentOf({ session, node }, task, committed.root));
  return { root, open: committed.open as (lanes: readonly number[]) => MemoryOpening };
}

/** @throws Error where the coordinator asks for none */
export async function nextDataset(prover: Prover): Promise<MemoryChallenge> {
  const { challenge } = await prover.beat();
  if (challenge?.kind === "memory") return challenge;
  throw new Error(`the coordinator says ${challenge?.kind ?? "nothing"}`);
}

/** How to walk what is held now. @throws Error where it is not told */
export async function nextWalk(
  prover: Prover,
  { session: filled }: MemoryChallenge,
): Promise<WalkChallenge> {
  const { challenge } = await prover.beat({ filled });
  if (challenge?.kind === "walk") return challenge;
  throw new Error(`the coordinator says ${challenge?.kind ?? "nothing"}`);
}

/** What a walk takes, ms. */
type Takes = (task: MemoryTask) => number;

/** The next walk, done right, in as long as is said. The coordinator's answer to what was shown. */
export async function walkOnce(
  test: Pick<TestCoordinator, "clock">,
  prover: Prover,
  tookMs?: Takes,
) {
  const dataset = await nextDataset(prover);
  return showWalk(test, prover, dataset, await nextWalk(prover, dataset), tookMs);
}

/** A walk that was told, done so. */
export async function showWalk(
  { clock }: Pick<TestCoordinator, "clock">,
  prover: Prover,
  dataset: MemoryChallenge,
  walk: WalkChallenge,
  tookMs: Takes = honestMs,
) {
  const task = taskOf(dataset, walk);
  const { root, open } = await computeWalk(dataset.session, task, prover.node.id);
  clock.advance(tookMs(task));
  const { body } = await prover.commit(dataset, root);
  return prover.verify(dataset, open(body.lanes));
}
