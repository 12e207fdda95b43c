/** Which model a name that stands for several means. */
import { expect, test } from "vitest";
import type { Requirements } from "./choose-node.ts";
import {
  billionsOf,
  type ChoiceName,
  chooseModel as chooseModelFor,
  chooseOfList as chooseOfListFor,
  type ModelOffer,
} from "./model-choice.ts";
import { noPreferences } from "./preferences.ts";

const offer = (
  model: string,
  expectedMs: number,
  changes: Partial<ModelOffer> = {},
): ModelOffer => ({
  ...{ model, expectedMs, billions: billionsOf(model, undefined), capabilities: ["chat"] },
  ...{ quantizations: [], contextLength: undefined, isReady: true, ...changes },
});
const chooseModel = (name: ChoiceName, of: readonly ModelOffer[], needs: Requirements) =>
  chooseModelFor(name, of, needs, noPreferences);
const chooseOfList = (list: readonly string[], of: readonly ModelOffer[]) =>
  chooseOfListFor(list, of, noPreferences);
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

test("a model is taken by another of its names where its own has no room, and by no name of another model", () => {
  const [own, hub] = [offer("qwen3:8b", 1), offer("Qwen/Qwen3-8B", 1)];
  expect(chooseOfList(["qwen3:8b"], [hub, own])).toBe("qwen3:8b");
  expect(chooseOfList(["qwen3:8b"], [{ ...own, isReady: false }, hub])).toBe("Qwen/Qwen3-8B");
  expect(chooseOfList(["qwen3:8b"], [offer("someone/Qwen3-8B", 1)])).toBeUndefined();
  expect(chooseOfList(["qwen3:8b"], [offer("qwen3:14b", 1)])).toBeUndefined();
});

test("a quantization that is wanted is taken where somebody has it, of the model that is wanted first", () => {
  const wanting = (...quantizations: string[]) => ({ ...noPreferences, quantizations });
  const small = offer("qwen3:8b", 1, { quantizations: ["Q4_K_M"] });
  const large = offer("Qwen/Qwen3-8B", 1, { quantizations: ["bf16"] });
  const other = offer("gemma3:12b", 1, { quantizations: ["Q8_0"] });
  const choose = (...quantizations: string[]) =>
    chooseOfListFor(["qwen3:8b", "gemma3:12b"], [small, large, other], wanting(...quantizations));
  expect(choose()).toBe("qwen3:8b");
  expect(choose("BF16")).toBe("Qwen/Qwen3-8B");
  expect(choose("Q8_0")).toBe("qwen3:8b");
  expect(chooseModelFor("troop/large", [small, other], nothing, wanting("Q4_K_M"))).toBe(
    "qwen3:8b",
  );
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
