/** What is known of what people ask for, and how little of the people. */
import { expect, test } from "vitest";
import { createMovedClock } from "../clock.fixture.ts";
import { createDemand } from "./demand.ts";

const day = 86_400_000;

function open() {
  const clock = createMovedClock();
  const demand = createDemand({ clock });
  const models = () => demand.wanted().map(({ model, requesters }) => [model, requesters]);
  return { clock, demand, models };
}

test("an account that asks often is one requester, and the most wanted comes first", () => {
  const { clock, demand, models } = open();
  for (let time = 0; time < 5; time += 1) demand.wish("anna", "small:1b");
  demand.wish("anna", "large:70b");
  demand.wish("bert", "large:70b");
  expect(models()).toEqual([
    ["large:70b", 2],
    ["small:1b", 1],
  ]);
  expect(demand.wanted()[0]).toMatchObject({ askedAt: clock.now() });
});

test("after a day a wish is forgotten, unless it is made again", () => {
  const { clock, demand, models } = open();
  demand.wish("anna", "large:70b");
  demand.wish("bert", "large:70b");
  demand.wish("bert", "small:1b");
  clock.advance(day - 1);
  demand.wish("anna", "large:70b");
  clock.advance(1);
  expect(models()).toEqual([["large:70b", 1]]);
});

test.each(["", "-rf", "a model", "\u001b[2J", "über", "x\n", "<b>"])(
  "what no engine calls a model is passed over: %j",
  (name) => {
    const { demand, models } = open();
    demand.wish("anna", name);
    expect(models()).toEqual([]);
  },
);

test("whoever makes names up gets twenty a day on the list, and pushes nobody out", () => {
  const { clock, demand, models } = open();
  demand.wish("anna", "small:1b");
  for (let index = 0; index < 2_000; index += 1) demand.wish("mallory", `made-up-${index}`);
  expect(models()).toHaveLength(21);
  expect(models()).toContainEqual(["small:1b", 1]);
  // What was named before may be asked for again.
  demand.wish("mallory", "made-up-3");
  clock.advance(day);
  demand.wish("mallory", "another:1b");
  expect(models()).toEqual([["another:1b", 1]]);
});

test("a hundred who ask for one model are all that are counted", () => {
  const { demand, models } = open();
  for (let index = 0; index < 2_000; index += 1) demand.wish(`network-${index}`, "one");
  expect(models()).toEqual([["one", 100]]);
});
