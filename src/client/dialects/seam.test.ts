/** What the second node says again is dropped, and nothing else of what it says. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { createSeam } from "./seam.ts";

function passed(expected: string, pieces: readonly string[]): string {
  const seam = createSeam();
  seam.expect(expected);
  return pieces.map(seam.pass).join("");
}

test.each([
  ["as one piece", "\n\n", ["\n\n- two"], "- two"],
  ["in pieces", "\n\n", ["\n", "\n", "- two"], "- two"],
  ["more than that", "\n", ["\n\n- two"], "\n- two"],
  ["less", "\n\n", ["\n", "- two"], "- two"],
  ["other white space", " ", ["\ntwo"], "\ntwo"],
  ["nothing of it", " ", ["two ", " three"], "two  three"],
  ["no word at all", " ", ["", "", " two"], "two"],
])("where it says %s", (_how, expected, pieces, text) => {
  expect(passed(expected, pieces)).toBe(text);
});

test("behind the first word all is passed on, however it is cut", () => {
  const space = fc.stringMatching(/^[ \n]{0,3}$/);
  const words = fc.array(fc.constantFrom("a", " ", "\n", "b "), { maxLength: 12 });
  fc.assert(
    fc.property(space, words, (expected, pieces) => {
      expect(passed(expected, ["x", ...pieces])).toBe(["x", ...pieces].join(""));
      expect(passed(expected, [...expected.split(""), "x", ...pieces])).toBe(
        ["x", ...pieces].join(""),
      );
    }),
  );
});
