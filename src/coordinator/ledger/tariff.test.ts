import { expect, test } from "vitest";
import { countedSize, parametersOf, rateFor, tariffOf } from "./tariff.ts";

test.each([
  ["llama3.1:8b", 8e9],
  ["qwen2.5-0.5b-instruct", 0.5e9],
  ["SmolLM2-135M", 135e6],
  ["mixtral:8x7b", 56e9],
  ["gpt-oss:120b", 120e9],
  ["phi3:mini", undefined],
  ["troop-toy", undefined],
  ["some-3b2", undefined],
])("%s has %s parameters", (name, parameters) => {
  expect(parametersOf(name)).toBe(parameters);
});

test.each([
  ["a claim that fits the name", "m:8b", 5e9, 5e9],
  ["a claim beyond two bytes a parameter", "m:1b", 5e9, 2e9],
  ["a claim beyond unproven memory", "m:70b", 40e9, 8e9],
  ["no claim: 0.6 bytes a parameter", "m:8b", undefined, 4.8e9],
  ["neither claim nor name", "m", undefined, 1e9],
])("%s", (_name, model, claimed, size) => {
  expect(countedSize(model, claimed)).toBe(size);
});

test("of several owners the median counts, each owner once", () => {
  const claim = (owner: string, size_bytes: number) => ({
    owner,
    models: [{ name: "m", size_bytes }],
  });
  const tariff = tariffOf([
    ...Array.from({ length: 5 }, () => claim("talks big", 8e9)),
    claim("honest", 1e9),
    claim("honest too", 1.1e9),
  ]);
  // 1.25 × 1.1 GB ÷ 360 GB/s.
  expect(tariff.get("m")).toBe(3_819_444_445n);
});

test("a token costs what an RTX 3060 takes to read the model for it; prompts a twentieth", () => {
  const tariff = tariffOf([{ owner: "o", models: [{ name: "m", size_bytes: 3.6e9 }] }]);
  expect(rateFor(tariff, "m", 10_000)).toEqual({
    perSecond: 10n ** 12n,
    perPromptToken: 625_000_000n,
    perCompletionToken: 12_500_000_000n,
  });
  // The cap is the same whatever multiplier a node has talked itself up to.
  expect(rateFor(tariff, "m", 200_000).perCompletionToken).toBe(12_500_000_000n);
});

test("what receipts have shown wins over sizes, also for a model that nobody offers now", () => {
  const claims = [{ owner: "o", models: [{ name: "m", size_bytes: 3.6e9 }] }];
  const tariff = tariffOf(
    claims,
    new Map([
      ["m", 7_000_000_000n],
      ["gone", 5n],
    ]),
  );
  expect(rateFor(tariff, "m", 10_000).perCompletionToken).toBe(7_000_000_000n);
  expect(rateFor(tariff, "gone", 10_000)).toMatchObject({
    perPromptToken: 1n,
    perCompletionToken: 5n,
  });
});
