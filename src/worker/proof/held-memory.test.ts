/** A dataset is held until it is walked, and let go of whether it is or not. */
import { expect, test } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { commitMemory } from "./commit-memory.ts";
import { holdMemory } from "./held-memory.ts";
import { createReferenceMemoryProver } from "./memory-prover.ts";

const prover = createReferenceMemoryProver({ clock: systemClock });
const never = new AbortController().signal;
const dataset = { seed: new Uint8Array(32).fill(1), segments: 1 };
const walk = { walkSeed: new Uint8Array(32).fill(2), passes: 16 };

test("what is held and walked is what is committed to in one go", async () => {
  await using held = await holdMemory(prover, dataset, never);
  const { root } = await held.walk(walk);
  const whole = await commitMemory(prover, dataset, async () => walk, never);
  expect(Buffer.compare(root, whole.root)).toBe(0);
});

test("one that is let go of is not walked any more", async () => {
  const held = await holdMemory(prover, dataset, never);
  await held[Symbol.asyncDispose]();
  await expect(held.walk(walk)).rejects.toThrow("not wanted any more");
});

test("one that does not fit is never held", async () => {
  await expect(holdMemory(prover, { ...dataset, segments: 65 }, never)).rejects.toThrow(
    "64 MiB in time",
  );
});
