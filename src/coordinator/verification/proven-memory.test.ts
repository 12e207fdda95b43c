import { expect, test } from "vitest";
import { passesMost } from "../../protocol/hardware-proof/memory.ts";
import {
  memoryPlanOf,
  modelsThatFit,
  passesFor,
  provenMemory,
  type TriedWalk,
  usualMemory,
} from "./proven-memory.ts";

const gigabyte = 2 ** 30;
/** Reads `rate` GB a second. */
const walk = (segments: number, rate: number, passes = 64) => ({
  ...{ segments, passes },
  spanMs: (passes * segments * 2 ** 20) / (rate * 1e6),
});

test("the largest dataset that was read as fast as the smaller ones is what is proven", () => {
  const walks = [walk(8_192, 350), walk(1_024, 360), walk(4_096, 355)];
  const { bytes, gigabytesPerSecond } = provenMemory(walks)!;
  expect(bytes).toBe(8 * gigabyte);
  expect(gigabytesPerSecond).toBeCloseTo(350);
});

test("a dataset that was read at less than two thirds of the best rate was not held, nor was a larger one", () => {
  const walks = [walk(1_024, 360), walk(2_048, 241), walk(4_096, 239), walk(8_192, 360)];
  expect(provenMemory(walks)?.bytes).toBe(2 * gigabyte);
});

test("who slows the smaller walks down has shown slow memory", () => {
  const { gigabytesPerSecond } = provenMemory([walk(1_024, 60), walk(2_048, 60)])!;
  expect(gigabytesPerSecond).toBeCloseTo(60);
});

test("without a walk nothing is proven", () => {
  expect(provenMemory([])).toBeUndefined();
});

/** A node with so much memory: each dataset is asked for, and held or not. */
function trial(mebibytes: number, isDisturbed = (_: number) => false) {
  const tried: TriedWalk[] = [];
  for (;;) {
    const { kind, size, proven } = memoryPlanOf(tried, usualMemory);
    const asked = tried.map(({ segments }) => segments);
    if (kind === "done") return { held: (proven?.bytes ?? 0) / 2 ** 20, asked };
    const isHeld = size.segments <= mebibytes;
    const { spanMs } = walk(size.segments, isDisturbed(tried.length) ? 100 : 360, size.passes);
    tried.push({ ...size, spanMs: isHeld ? spanMs : null });
  }
}

test.each([
  [300, 0],
  [6_000, 5_120],
  [12_000, 10_240],
  [24_000, 20_480],
  [80_000, 65_536],
])("a node with %i MiB free is found to hold %i", (mebibytes, expected) => {
  const { held, asked } = trial(mebibytes);
  expect(held).toBe(expected);
  expect(asked.length).toBeLessThanOrEqual(15);
});

test("something else that uses the machine for a moment changes nothing", () => {
  for (const disturbed of [1, 2, 3, 4, 5, 6])
    expect(trial(12_000, (number) => number === disturbed).held).toBe(10_240);
});

test("a dataset is read for a second and a half, as long as the one before shows", () => {
  expect(passesFor(512, undefined)).toBe(64);
  expect(passesFor(1_024, walk(512, 360))).toBe(512);
  expect(passesFor(131_072, walk(65_536, 4))).toBe(16);
  expect(passesFor(1, walk(512, 5_000))).toBe(passesMost(1));
});

test("no dataset is larger than the largest there is", () => {
  expect(Math.max(...trial(Infinity).asked)).toBe(2 ** 17);
});

test("a node offers what fits into its proven memory, and what nobody knows the size of", () => {
  const models = [5, 9].map((size) => ({ name: "m", size_bytes: size * gigabyte }));
  const unknown = { name: "m" };
  expect(modelsThatFit([...models, unknown], 8 * gigabyte)).toEqual([models[0], unknown]);
  expect(modelsThatFit(models, undefined)).toEqual(models);
});

test("what a model's name says counts where a node says less, or nothing", () => {
  const fits = (name: string, size_bytes?: number) =>
    modelsThatFit([{ name, size_bytes }], 8 * gigabyte).length === 1;
  expect(["llama3.1:70b", "qwen3:32b"].some((name) => fits(name))).toBe(false);
  expect(fits("llama3.1:8b")).toBe(true);
  expect(fits("llama3.1:70b", 1)).toBe(false);
  // A build of few bits, as its node says: it may be.
  expect(fits("qwen3:32b", 8e9)).toBe(true);
});
