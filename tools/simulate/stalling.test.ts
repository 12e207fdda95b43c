import { expect, test } from "vitest";
import { type Income, isHarmless, type Stalling, stallingText } from "./stalling.ts";

const income = (perBusySecond: number): Income => ({
  ...{ answered: 100, busySeconds: 1_000, credits: 1_000 * perBusySecond },
  ...{ perAnswer: 10 * perBusySecond, perBusySecond },
});
const stalling = (perBusySecond: number): Stalling => ({
  ...{ worlds: 10, drags: 4, noise: 0.001, offences: [] },
  ...{ honest: income(0.01), staller: income(perBusySecond) },
});

test("who earns no more for their time by dragging it out does no harm", () => {
  expect(isHarmless(stalling(0.004))).toBe(true);
  expect(isHarmless(stalling(0.0109))).toBe(true);
  expect(stallingText(stalling(0.005))).toContain("0.50 times the income of time");
});

test("who earns more than chance explains is a failure", () => {
  expect(isHarmless(stalling(0.0111))).toBe(false);
  expect(stallingText(stalling(0.0111))).toContain("STALLING PAYS");
});

test("worlds that were not sound prove nothing", () => {
  expect(isHarmless({ ...stalling(0.004), offences: ["money was made"] })).toBe(false);
});
