/**
 * A prover that leaves out a share f of the rows passes with (1 − f)^24, and one that leaves out layers with no more:
 * rows are asked of as many different layers as there are. 200 sessions each.
 */
import { describe, expect, test } from "vitest";
import type { Random } from "../../src/base/random.ts";
import { repeatableRandom } from "../../src/protocol/sealed-stream.fixture.ts";
import { commitChain } from "../../src/worker/proof/commit-chain.ts";
import { likelyCounts } from "./binomial.ts";
import { bindingOf, judge, rememberingProver, signal, skippingProver, taskOf } from "./provers.ts";

const sessions = 200;
const n = 256;

function drawSet(random: Random, size: number, below: number): Set<number> {
  const drawn = new Set<number>();
  while (drawn.size < size) drawn.add(Buffer.from(random.bytes(4)).readUInt32BE() % below);
  return drawn;
}

/** How often a prover that skips these passes. Its work is done once: what differs is what it is asked. */
async function passesOf(
  isSkipped: Parameters<typeof skippingProver>[0],
  layers: number,
  random: Random,
): Promise<number> {
  const binding = bindingOf("skipped work");
  const task = taskOf(binding, n, layers);
  const prover = await rememberingProver(skippingProver(isSkipped), task);
  const chain = await commitChain(prover, task, signal);
  let passes = 0;
  for (let session = 0; session < sessions; session += 1) {
    const verdict = await judge({ binding, task, chain }, random);
    if (verdict.kind === "right") passes += 1;
    else expect(verdict).toMatchObject({ kind: "wrong_product" });
    if (verdict.kind === "wrong_product") expect(isSkipped(verdict.place)).toBe(true);
  }
  return passes;
}

describe.each([0.1, 0.25])("with a share of %d left out", (share) => {
  test("of the rows of each layer, (1 − f)^24 of the sessions pass", async () => {
    const random = repeatableRandom(`rows ${share}`);
    const skipped = Array.from({ length: 4 }, () => drawSet(random, Math.round(share * n), n));
    const passes = await passesOf(({ layer, row }) => skipped[layer]!.has(row), 4, random);
    const { least, most } = likelyCounts(sessions, (1 - Math.round(share * n) / n) ** 24);
    expect(passes).toBeGreaterThanOrEqual(least);
    expect(passes).toBeLessThanOrEqual(most);
  });
});

describe.each([0.125, 0.25])("with a share of %d left out", (share) => {
  test("of eight layers, no session passes: every layer is asked for", async () => {
    const random = repeatableRandom(`few layers ${share}`);
    const skipped = drawSet(random, share * 8, 8);
    expect(await passesOf(({ layer }) => skipped.has(layer), 8, random)).toBe(0);
  });

  test("of 64 layers, as many pass as have none of theirs among the 24 asked for", async () => {
    const random = repeatableRandom(`many layers ${share}`);
    const skipped = drawSet(random, share * 64, 64);
    const passes = await passesOf(({ layer }) => skipped.has(layer), 64, random);
    // Twenty-four different layers, drawn without putting back.
    let chance = 1;
    for (let draw = 0; draw < 24; draw += 1) chance *= (64 - share * 64 - draw) / (64 - draw);
    expect(chance).toBeLessThan((1 - share) ** 24);
    const { least, most } = likelyCounts(sessions, chance);
    expect(passes).toBeGreaterThanOrEqual(least);
    expect(passes).toBeLessThanOrEqual(most);
  });
});

test("the likely counts are those of the binomial distribution", () => {
  // By tables: 200 throws of a coin, and of a die.
  expect(likelyCounts(200, 0.5)).toEqual({ least: 77, most: 123 });
  expect(likelyCounts(200, 1 / 6)).toEqual({ least: 17, most: 52 });
});
