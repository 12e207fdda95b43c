/** Which failures speak against an engine. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import { createDoubts } from "./doubts.ts";
import type { Engine } from "./engines/engine.ts";

const engine = { type: "vllm" } as Engine;

/** Failures in turn, by whose request they were; `undefined`: the engine was not there. */
function after(...witnesses: (string | undefined)[]) {
  const doubts = createDoubts(createFakeClock());
  const rests = witnesses.map((witness) => doubts.add(engine, witness));
  return { isFailing: doubts.isFailing(engine), restMs: rests.at(-1) };
}
const many = (count: number, witness: string | undefined) =>
  Array.from({ length: count }, () => witness);

test("one requester, whatever an engine answers to them, does not take it from the others", () => {
  expect(after(...many(100, "a"))).toEqual({ isFailing: false, restMs: undefined });
});

test("what two were refused with counts from the second on", () => {
  expect(after(...many(9, "a"), "b", "a").isFailing).toBe(false);
  expect(after(...many(9, "a"), "b", "a", "b")).toEqual({ isFailing: true, restMs: 15_000 });
});

test("an engine that is not there fails everybody, and is no second witness", () => {
  expect(after(...many(3, undefined))).toEqual({ isFailing: true, restMs: 15_000 });
  expect(after("a", undefined, "a", undefined, "a").isFailing).toBe(false);
});

test("one good answer clears it of all that was seen", () => {
  const doubts = createDoubts(createFakeClock());
  for (const witness of ["a", "b", "b"]) doubts.add(engine, witness);
  doubts.forget(engine);
  for (const witness of many(9, "b")) doubts.add(engine, witness);
  expect(doubts.isFailing(engine)).toBe(false);
});
