/** What a requester sets about nodes and models. */
import { expect, test } from "vitest";
import { readRoutingSettings } from "./config.ts";
import { noPreferences } from "./preferences.ts";

test("without settings nothing is preferred", () => {
  const { preferences, modelLists } = readRoutingSettings({});
  expect(preferences).toEqual(noPreferences);
  expect(modelLists.size).toBe(0);
});

test("preferences and lists are read", () => {
  const { preferences, modelLists } = readRoutingSettings({
    ...{ PREFER: "price", MAX_PRICE: "0.5", NEVER_NODES: "n".repeat(43) },
    MODEL_LISTS: "coder = qwen3-coder:30b, qwen3:32b ; small=qwen3:4b",
  });
  expect(preferences).toEqual({
    ...{ ...noPreferences, prefer: "price", maxPrice: 5n * 10n ** 11n, never: ["n".repeat(43)] },
  });
  expect([...modelLists]).toEqual([
    ["coder", ["qwen3-coder:30b", "qwen3:32b"]],
    ["small", ["qwen3:4b"]],
  ]);
});

test.each([
  ["PREFER", "cheap"],
  ["MAX_PRICE", "-1"],
  ["NEVER_NODES", "x"],
  ["MODEL_LISTS", "coder"],
  ["MODEL_LISTS", "coder="],
  ["MODEL_LISTS", "=a"],
  ["MODEL_LISTS", "a=b=c"],
  ["MODEL_LISTS", "troop/auto=a"],
])("%s=%s is refused by its name", (name, value) => {
  expect(() => readRoutingSettings({ [name]: value })).toThrow(
    expect.objectContaining({ code: "configuration_invalid", param: name }),
  );
});
