/** Which model a name that stands for several means. */
import { expect, test } from "vitest";
import type { Requirements } from "./choose-node.ts";
import {
  billionsOf,
  type ChoiceName,
  chooseModel,
  chooseOfList,
  type ModelOffer,
} from "./model-choice.ts";

const offer = (
  model: string,
  expectedMs: number,
  changes: Partial<ModelOffer> = {},
): ModelOffer => ({
  ...{ model, expectedMs, billions: billionsOf(model, undefined), capabilities: ["chat"] },
  ...{ contextLength: undefined, isReady: true, ...changes },
});
const offers = [offer("small:1b", 1_000), offer("middle:8b", 8_000), offer("huge:70b", 60_000)];
const nothing: Requirements = { capabilities: [], contextTokens: 100 };

test.each([
  ["troop/fast", "small:1b"],
  ["troop/auto", "middle:8b"],
  ["troop/large", "huge:70b"],
] as const)("%s is %s", (name, model) => {
  expect(chooseModel(name, offers, nothing)).toBe(model);
  expect(chooseModel(name, [], nothing)).toBeUndefined();
});

test("where every answer takes long the fastest is as good as it gets", () => {
  const slow = [offer("huge:70b", 60_000), offer("large:32b", 30_000)];
  expect(chooseModel("troop/auto", slow, nothing)).toBe("large:32b");
});

test("a model that cannot see, is too short, or has no room is passed over while there is another", () => {
  const large = (changes: Partial<ModelOffer>) => [offers[0]!, offer("large:32b", 2_000, changes)];
  const choose = (changes: Partial<ModelOffer>, requirements = nothing) =>
    chooseModel("troop/large", large(changes), requirements);
  expect(choose({})).toBe("large:32b");
  expect(choose({ isReady: false })).toBe("small:1b");
  expect(choose({ contextLength: 99 })).toBe("small:1b");
  const seeing: ModelOffer["capabilities"] = ["chat", "vision"];
  const vision = { capabilities: ["vision" as const], contextTokens: 100 };
  const sighted = [offer("eye:1b", 1_000, { capabilities: seeing }), offers[2]!];
  expect(chooseModel("troop/large", sighted, vision)).toBe("eye:1b");
  expect(chooseModel("troop/large", [offers[0]!], vision)).toBe("small:1b");
});

test("a list's first model that can be had at once, else its first that there is", () => {
  const busy = [offer("a", 1, { isReady: false }), offer("b", 1)];
  expect(chooseOfList(["none", "a", "b"], busy)).toBe("b");
  expect(chooseOfList(["a", "none"], busy)).toBe("a");
  expect(chooseOfList(["none"], busy)).toBeUndefined();
});

test.each([
  ["llama3.1:70b", undefined, 70],
  ["Qwen/Qwen3-30B-A3B-GGUF", undefined, 30],
  ["smollm2:135m", undefined, 0.135],
  ["qwen2.5:0.5b-instruct", undefined, 0.5],
  ["mystery", 6e9, 10],
  ["mystery", undefined, 0],
  ["v3beta", undefined, 0],
] as const)("%s of %s bytes has %d thousand million parameters", (name, bytes, billions) => {
  expect(billionsOf(name, bytes)).toBeCloseTo(billions);
});

test("names come out the same in whatever order nodes are listed", () => {
  const alike = [offer("a:8b", 5), offer("b:8b", 5)];
  for (const name of ["troop/auto", "troop/fast", "troop/large"] satisfies ChoiceName[])
    expect(chooseModel(name, alike, nothing)).toBe(chooseModel(name, alike.toReversed(), nothing));
});
