import { expect, test } from "vitest";
import { prefers } from "./accepted.ts";

test.each([
  ["text/csv", true],
  ["Text/CSV; q=0.5", true],
  ["application/json;q=0.5, text/csv", true],
  ["application/json, text/csv", false],
  ["text/csv;q=0", false],
  ["*/*", false],
  ["", false],
  [undefined, false],
])("Accept: %s", (accept, isCsv) => {
  expect(prefers("text/csv", accept)).toBe(isCsv);
});
