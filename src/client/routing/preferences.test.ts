/** What a request may ask of its node, over what the settings say. */
import { expect, test } from "vitest";
import { noPreferences, readPreferences } from "./preferences.ts";

const id = (letter: string) => letter.repeat(43);
const settings = { ...noPreferences, maxPrice: 2n * 10n ** 12n, never: [id("n")] };

test("a request that asks for nothing has the settings", () => {
  expect(readPreferences(undefined, settings)).toBe(settings);
  expect(readPreferences({}, settings)).toEqual(settings);
});

test("a request may ask for less than the settings allow, never for more", () => {
  const asked = { prefer: "price", max_price: 0.5, only: [id("a")], never: [id("b")] };
  expect(readPreferences(asked, settings)).toEqual({
    ...{ ...noPreferences, prefer: "price", maxPrice: 5n * 10n ** 11n },
    ...{ only: [id("a")], never: [id("n"), id("b")] },
  });
  expect(readPreferences({ max_price: "3" }, settings).maxPrice).toBe(2n * 10n ** 12n);
  const some = { ...settings, only: [id("a"), id("b")] };
  expect(readPreferences({ only: [id("b"), id("c")] }, some).only).toEqual([id("b")]);
});

test("nodes that no list has in common are no nodes, not all of them", () => {
  const some = { ...settings, only: [id("a")] };
  expect(() => readPreferences({ only: [id("c")] }, some)).toThrow(
    expect.objectContaining({ code: "node_not_allowed" }),
  );
});

test("a model may be asked for by its digest, and one quantization or several be wanted", () => {
  const digest = `sha256:${"0a".repeat(32)}`;
  expect(readPreferences({ digest, quantization: "q8_0" }, settings)).toMatchObject({
    ...{ digest, quantizations: ["Q8_0"] },
  });
  expect(readPreferences({ quantization: ["bf16", "Q8_0"] }, settings).quantizations).toEqual([
    ...["BF16", "Q8_0"],
  ]);
});

test.each([
  [{ digest: "sha256:short" }, "troop.digest"],
  [{ quantization: "" }, "troop.quantization"],
  [{ prefer: "cheap" }, "troop.prefer"],
  [{ max_price: -1 }, "troop.max_price"],
  [{ max_price: "1e400" }, "troop.max_price"],
  [{ only: ["x"] }, "troop.only.0"],
  [{ nodes: [] }, "troop"],
  ["fast", "troop"],
])("%o is not understood", (asked, param) => {
  expect(() => readPreferences(asked, settings)).toThrow(
    expect.objectContaining({ code: "invalid_value", param }),
  );
});
