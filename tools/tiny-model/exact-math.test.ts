import { expect, test } from "vitest";
import { exponential, sigmoid, smallRotation } from "./exact-math.ts";

test("the exponential agrees with the engine's to ten digits", () => {
  for (let x = -700; x < 700; x += 0.37)
    expect(Math.abs(exponential(x) / Math.exp(x) - 1)).toBeLessThan(1e-10);
  expect(exponential(0)).toBe(1);
});

test("out of range the exponential saturates, and the logistic function with it", () => {
  expect(exponential(-1e4)).toBe(0);
  expect(exponential(1e4)).toBe(Infinity);
  expect(sigmoid(-1e4)).toBe(0);
  expect(sigmoid(1e4)).toBe(1);
});

test("a small rotation is a cosine and a sine", () => {
  for (const angle of [0, 1e-4, 0.3, 1]) {
    expect(smallRotation(angle).cosine).toBeCloseTo(Math.cos(angle), 14);
    expect(smallRotation(angle).sine).toBeCloseTo(Math.sin(angle), 14);
  }
});
