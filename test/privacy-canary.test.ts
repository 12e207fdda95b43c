/** Nobody but the application, the worker and its engine ever holds a word of a prompt or an answer. */
import { expect, test } from "vitest";
import { runCanary } from "./support/privacy/canary.ts";
import { findMarks } from "./support/privacy/marks.ts";

const prompts = 63;

test.each([
  ["straight to the worker", {}],
  ["through the relay", { relay: true }],
])("content that goes %s is found nowhere on its way, nor afterwards", async (_way, options) => {
  const { marks, places, beforeSealing, endings } = await runCanary({ prompts, ...options });
  // What is searched is there, in every place.
  const sizes = Object.entries(places).map(([place, buffers]) => [place, sizeOf(buffers)]);
  for (const [, size] of sizes) expect(size).toBeGreaterThan(1_000);
  expect(endings).toEqual({
    "200 answered": 27,
    "502 engine_error": 9,
    "400 invalid_value": 9,
    "400 unsupported_parameter": 9,
    "400 invalid_json": 9,
  });
  expect(findMarks(marks, places)).toEqual([]);

  // The same search finds every mark where nothing is sealed yet: it can fail.
  const found = findMarks(marks, { application: beforeSealing });
  expect(new Set(found.map(({ mark }) => mark))).toEqual(new Set(marks));
});

const sizeOf = (buffers: readonly Buffer[]) => buffers.reduce((sum, { length }) => sum + length, 0);
