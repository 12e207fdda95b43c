/** A custom tool's input out of a function's arguments, however these are cut up or malformed. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { createCustomInput } from "./custom-input.ts";

function readAll(fragments: readonly string[]): string {
  const input = createCustomInput();
  return fragments.map(input.add).join("") + input.end();
}

/** At each of the places, which are shares of its length. */
function cut(text: string, shares: readonly number[]): string[] {
  const places = shares.map((share) => Math.floor(share * text.length)).toSorted((a, b) => a - b);
  return [...places, text.length].map((place, at) => text.slice(places[at - 1] ?? 0, place));
}

const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });
const anyText = fc.string({ unit: "binary" });

test("any input comes out of its JSON as it went in, wherever that is cut", () => {
  fc.assert(
    fc.property(anyText, shares, fc.boolean(), (input, where, isAscii) => {
      const json = JSON.stringify({ input });
      // As Python's json writes it.
      const escaped = json.replaceAll(
        /[^ -~]/g,
        (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
      );
      expect(readAll(cut(isAscii ? escaped : json, where))).toBe(input);
    }),
  );
});

test("no piece ends within a pair of surrogates", () => {
  const input = createCustomInput();
  const pieces = '{"input":"a😀b"}'.split("").map(input.add);
  expect(pieces.filter((piece) => piece !== "")).toEqual(["a", "😀", "b"]);
});

test.each([
  ["space around everything", ' { "input" :\n"a" } ', "a"],
  ["other members first", '{"why":"x","input":"a"}', "a"],
  ["a bare string", '"a\\nb"', "a\nb"],
  ["the bare input", "*** Begin Patch\n", "*** Begin Patch\n"],
  ["no input among the members", '{"patch":"a"}', '{"patch":"a"}'],
  ["line breaks that JSON would escape", '{"input":"a\nb"}', "a\nb"],
  ["escapes that JSON does not have", String.raw`{"input":"\d+ \u00zz"}`, String.raw`\d+ \u00zz`],
  ["an end in the middle of an escape", String.raw`{"input":"a\u00`, "a"],
  ["half a pair at the end", String.raw`{"input":"a\ud83d`, "a\ud83d"],
  ["nothing", "", ""],
])("%s", (_what, raw, input) => {
  expect(readAll([raw])).toBe(input);
  expect(readAll(raw.split(""))).toBe(input);
});
