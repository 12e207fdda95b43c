/** Tasks grow until one takes as long as is wanted, whatever computes. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { operationsOf } from "../../protocol/hardware-proof/chain.ts";
import { type Measured, planOf, type RampSettings, repeatsWanted, usualRamp } from "./ramp.ts";

/** All sessions of a machine that computes so many billions a second, and needs so long besides each time. */
function sessionsOf(gops: number, extraMs: number, settings: RampSettings): Measured[] {
  const history: Measured[] = [];
  for (;;) {
    const plan = planOf(history, settings);
    if (plan.kind === "repeat" && plan.spans.length === repeatsWanted) return history;
    history.push({ ...plan.size, spanMs: operationsOf(plan.size) / (gops * 1e6) + extraMs });
  }
}

test("from a slow laptop to more than any GPU there is, seven sessions are enough and the last take 2 to 4 s", () => {
  const machines = [fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 50 })];
  fc.assert(
    fc.property(...(machines as [fc.Arbitrary<number>, fc.Arbitrary<number>]), (share, extra) => {
      const gops = 2 * 50_000 ** share;
      const history = sessionsOf(gops, extra, usualRamp);
      expect(history.length).toBeLessThanOrEqual(7);
      for (const { spanMs, ...size } of history.slice(-repeatsWanted)) {
        expect(size).toEqual({ n: history.at(-1)!.n, layers: history.at(-1)!.layers });
        expect(spanMs).toBeGreaterThanOrEqual(2_000);
        expect(spanMs).toBeLessThanOrEqual(4_000);
      }
    }),
  );
});

test("at the largest and at the smallest size, it is taken as it is", () => {
  expect(sessionsOf(1e9, 0, usualRamp).at(-1)).toMatchObject({ n: 8_192, layers: 256 });
  expect(sessionsOf(0.001, 0, usualRamp).at(-1)).toMatchObject({ n: 256, layers: 4 });
});

test("a machine whose times make no sense is done after the seven that nodes have together", () => {
  let number = 0;
  const history: Measured[] = [];
  for (;;) {
    const plan = planOf(history, usualRamp);
    if (plan.kind === "repeat" && plan.spans.length === repeatsWanted) break;
    history.push({ ...plan.size, spanMs: (number += 1) % 2 ? 1_600 : 60_000 });
  }
  expect(history).toHaveLength(7);
});

test("who takes its time until a size is found, and not from then on, is given larger tasks", () => {
  const slowly = planOf([], usualRamp).size;
  const found = { ...slowly, spanMs: usualRamp.targetMs };
  expect(planOf([found], usualRamp)).toMatchObject({ kind: "repeat", size: slowly });
  const quick = { ...slowly, spanMs: usualRamp.targetMs / 10 };
  const plan = planOf([found, quick, quick], usualRamp);
  expect(plan.kind).toBe("grow");
  expect(operationsOf(plan.size)).toBeGreaterThan(5 * operationsOf(slowly));
});
