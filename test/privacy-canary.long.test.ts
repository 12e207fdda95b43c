/** The privacy canary at length: a thousand prompts each way. */
import { expect, test } from "vitest";
import { runCanary } from "./support/privacy/canary.ts";
import { findMarks } from "./support/privacy/marks.ts";

test.each([
  ["straight to the worker", {}],
  ["through the relay", { relay: true }],
])("of 1,000 prompts that go %s not one is found anywhere", async (_way, options) => {
  const { marks, places, beforeSealing } = await runCanary({ prompts: 1_000, ...options });
  expect(findMarks(marks, places)).toEqual([]);
  const found = findMarks(marks, { application: beforeSealing });
  expect(new Set(found.map(({ mark }) => mark))).toEqual(new Set(marks));
});
