/** A GPU that nodes of different owners have in common, by what they say of it: they are tried together. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDatabase, type TestService } from "../../../test/support/services.ts";
import { systemRandom } from "../../base/random.ts";
import {
  beatOf,
  makeSigner,
  openCoordinator,
  type TestCoordinator,
} from "../coordinator.fixture.ts";
import {
  askingNode,
  createFineClock,
  fastMs,
  type FineClock,
  multiplierAt,
  type Prover,
  proverOf,
  smallest,
  someDevice,
} from "./proving.fixture.ts";

let service: TestService;
let network: TestCoordinator;
let clock: FineClock;
beforeEach(async () => {
  service = await createDatabase();
  clock = createFineClock();
  network = await openCoordinator({ databaseUrl: service.url, proofs: smallest }, clock);
});
afterEach(async () => {
  await network[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

/** A whole trial of a node, each of whose GPUs says that it has these ids. */
async function proveAs(first: Prover, ids: readonly string[]): Promise<void> {
  await first.beat({ status: "IDLE" });
  const gpus = ids.map((_, gpu) => (gpu === 0 ? first : proverOf(network, first.node, gpu)));
  for (const further of gpus.slice(1)) await further.beat();
  for (const [gpu, id] of ids.entries()) {
    for (const _ of [1, 2, 3]) await gpus[gpu]!.session(fastMs, { ...someDevice, id });
    await gpus[gpu]!.beat();
  }
  expect((await first.beat()).challenge).toBeUndefined();
}

/** Where that changes the node is due. */
const madeOf = (cores: number) => {
  const { snapshot } = beatOf();
  return { snapshot: { ...snapshot!, hardware: { ...snapshot!.hardware, cores } } };
};

/** One that was away while the other was tried, by itself: by turns each could show one GPU as its own. */
async function isBack(theirs: readonly string[], own: string): Promise<[Prover, Prover]> {
  const other = await askingNode(network, await makeSigner());
  await other.beat({ status: "PAUSED", ...madeOf(6) });
  await proveAs(other, theirs);
  await other.beat({ status: "PAUSED" });
  const one = await askingNode(network, await makeSigner());
  await proveAs(one, [own]);
  await one.beat({ status: "PAUSED" });
  clock.advance(2 * 3_600_000);
  await other.beat({ status: "PAUSED", ...madeOf(7) });
  await proveAs(other, theirs);
  await other.beat({ status: "BUSY" });
  return [one, other];
}

test.each([
  ["the second of another's GPUs", ["GPU-1", "GPU-2"]],
  ["one of another's two that are alike", ["GPU-1 GPU-2"]],
])("a node that names %s is tried as soon as it is back, and together with it", async (_, ids) => {
  for (const prover of await isBack(ids, "GPU-2"))
    expect((await prover.beat({ status: "BUSY" })).challenge).toEqual({ kind: "stand_by" });
});

test("a node that names none of another's GPUs is tried by itself", async () => {
  for (const prover of await isBack(["GPU-1", "GPU-2"], "GPU-3"))
    expect((await prover.beat({ status: "BUSY" })).challenge).toBeUndefined();
});

test("ids as long as they may be, of whatever letters, keep no verdict from being written", async () => {
  const first = await askingNode(network, await makeSigner());
  const anyLetter = () =>
    String.fromCodePoint(0x4e00 + systemRandom.bytes(2).reduce((a, b) => 64 * a + (b & 63)));
  const ids = Array.from({ length: 8 }, () => Array.from({ length: 256 }, anyLetter).join(""));
  await proveAs(first, ids);
  expect((await first.beat()).multiplier).toBe(multiplierAt(fastMs));
});
