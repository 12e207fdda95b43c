/** When a key signs, and for how long others can check what it signed. */
import { expect, test } from "vitest";
import { isNextDue, ringAt } from "./ring-rules.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const keys = [
  { number: 1, usedFrom: 0 },
  { number: 2, usedFrom: 10 * day },
];

test.each([
  ["a day before its turn a key is published, and the one before signs", 9 * day, 1, [1, 2]],
  ["at its turn it signs", 10 * day, 2, [1, 2]],
  ["a ticket of the moment before is still checked", 10 * day + 5 * minute, 2, [1, 2]],
  ["long after, the key before is gone", 10 * day + 2 * hour, 2, [2]],
])("%s", (_name, now, signs, published) => {
  const ring = ringAt(keys, now);
  expect(ring.signing.number).toBe(signs);
  expect(ring.published.map(({ number }) => number)).toEqual(published);
});

test("a coordinator whose clock is behind signs with the first key there is", () => {
  expect(ringAt([{ number: 1, usedFrom: hour }], 0).signing.number).toBe(1);
});

test("the next key is due so early that it is published for a day when the quarter of a year ends", () => {
  expect(isNextDue(keys, 10 * day + 89 * day - 1)).toBe(false);
  expect(isNextDue(keys, 10 * day + 89 * day)).toBe(true);
});
