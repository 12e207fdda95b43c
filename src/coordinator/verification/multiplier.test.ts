import fc from "fast-check";
import { expect, test } from "vitest";
import { cappedByService, multiplierOf, reference } from "./multiplier.ts";

test("an RTX 3060 is one", () => {
  expect(multiplierOf(reference)).toBe(10_000);
});

test.each([
  ["twice of both is 2^0.75", { gops: 2, gigabytesPerSecond: 2 }, 16_818],
  ["twice the arithmetic is 2^0.225", { gops: 2, gigabytesPerSecond: 1 }, 11_688],
  ["twice the bandwidth is 2^0.525", { gops: 1, gigabytesPerSecond: 2 }, 14_389],
])("%s", (_case, times, expected) => {
  const measured = {
    gops: reference.gops * times.gops,
    gigabytesPerSecond: reference.gigabytesPerSecond * times.gigabytesPerSecond,
  };
  expect(multiplierOf(measured)).toBe(expected);
});

test("arithmetic is counted up to 85 for each GB/s: tensor cores compute faster than they serve", () => {
  const gigabytesPerSecond = 300;
  const counted = multiplierOf({ gops: 85 * 300, gigabytesPerSecond });
  expect(multiplierOf({ gops: 85 * 300 - 100, gigabytesPerSecond })).toBeLessThan(counted);
  expect(multiplierOf({ gops: 1_000_000, gigabytesPerSecond })).toBe(counted);
});

test("more of either is never worth less, and all of it lies from 0.05 to 20", () => {
  const amount = fc.double({ min: 0, max: 1e7, noNaN: true });
  fc.assert(
    fc.property(amount, amount, amount, (gops, gigabytesPerSecond, more) => {
      const multiplier = multiplierOf({ gops, gigabytesPerSecond });
      expect(Number.isInteger(multiplier)).toBe(true);
      expect(multiplier).toBeGreaterThanOrEqual(500);
      expect(multiplier).toBeLessThanOrEqual(200_000);
      expect(multiplierOf({ gops: gops + more, gigabytesPerSecond })).toBeGreaterThanOrEqual(
        multiplier,
      );
      const faster = { gops, gigabytesPerSecond: gigabytesPerSecond + more };
      expect(multiplierOf(faster)).toBeGreaterThanOrEqual(multiplier);
    }),
  );
});

test.each([Number.NaN, Infinity, -1])("a measurement of %s is worth the least there is", (gops) => {
  const gigabytesPerSecond = Number.isNaN(gops) ? 100 : gops;
  expect(multiplierOf({ gops, gigabytesPerSecond })).toBe(500);
});

test("one and a half of what served requests show is the most", () => {
  expect(cappedByService(20_000, 10_000)).toBe(15_000);
  expect(cappedByService(12_000, 10_000)).toBe(12_000);
  expect(cappedByService(12_000, 100)).toBe(500);
  expect(cappedByService(12_000, Number.NaN)).toBe(500);
});
