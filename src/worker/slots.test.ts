import { expect, test } from "vitest";
import type { Engine } from "./engines/engine.ts";
import { createSlots } from "./slots.ts";

const engine = (slots: number): Engine => ({
  ...{ type: "openai", origin: "http://127.0.0.1:1", headers: {}, slots },
  path: () => "/",
  inspect: () => Promise.reject(new Error("not asked")),
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

test("each engine computes as many at once as it says, the worker as many as all together", () => {
  const [one, two] = [engine(1), engine(2)];
  const slots = createSlots({
    ...{ engines: () => [one, two], configured: undefined, onChange: () => undefined },
  });
  const first = slots.take(one);
  expect(first).toBeDefined();
  expect(slots.take(one)).toBeUndefined();
  expect([slots.take(two), slots.take(two)].every(Boolean)).toBe(true);
  expect(slots.take(two)).toBeUndefined();
  expect([slots.active, slots.total, slots.hasFree]).toEqual([3, 3, false]);
  first!.release();
  first!.release();
  expect([slots.active, slots.hasFree]).toEqual([2, true]);
  expect(slots.take(one)).toBeDefined();
});

test("the owner's number replaces the engines'", () => {
  const one = engine(1);
  const slots = createSlots({
    ...{ engines: () => [one], configured: 2, onChange: () => undefined },
  });
  expect([slots.take(one), slots.take(one)].every(Boolean)).toBe(true);
  expect(slots.take(one)).toBeUndefined();
});

test("every change is told", () => {
  const one = engine(1);
  const seen: number[] = [];
  const slots = createSlots({
    ...{ engines: () => [one], configured: undefined },
    onChange: () => seen.push(slots.active),
  });
  slots.take(one)!.release();
  expect(seen).toEqual([1, 0]);
});

test("one requester takes no more than their share, and gives it back; the owner takes all", () => {
  const one = engine(4);
  const slots = createSlots({
    ...{ engines: () => [one], configured: undefined, perRequester: 1, onChange: () => undefined },
  });
  const theirs = slots.take(one, "them");
  expect(theirs?.requester).toBe("them");
  expect(slots.take(one, "them")).toBeUndefined();
  expect(slots.take(one, "others")).toBeDefined();
  expect([slots.take(one), slots.take(one)].every(Boolean)).toBe(true);
  theirs!.release();
  theirs!.release();
  expect(slots.take(one, "them")).toBeDefined();
  expect(slots.take(one, "them")).toBeUndefined();
});
