import { expect, test } from "vitest";
import { systemRandom } from "../../base/random.ts";
import { createToolCalls } from "./tool-calls.ts";

test("a call's first delta has id, type and name; the others only its index and a fragment", () => {
  const calls = createToolCalls(systemRandom);
  expect(calls.read({ index: 0, id: "a", function: { name: "f", arguments: "" } })).toEqual({
    index: 0,
    id: "a",
    type: "function",
    function: { name: "f", arguments: "" },
  });
  expect(calls.read({ index: 0, id: "a", function: { name: "f", arguments: "{" } })).toEqual({
    index: 0,
    function: { arguments: "{" },
  });
  expect(calls.read({ index: 0, function: { arguments: "}" } })).toEqual({
    index: 0,
    function: { arguments: "}" },
  });
});

test("calls that an engine gives one index are told apart by their ids", () => {
  const calls = createToolCalls(systemRandom);
  const indexOf = (id: string) => calls.read({ index: 0, id, function: { name: "f" } }).index;
  expect([indexOf("a"), indexOf("b"), indexOf("a")]).toEqual([0, 1, 0]);
  expect(calls.count).toBe(2);
});

test("whole calls without index and id get both", () => {
  const calls = createToolCalls(systemRandom);
  const first = calls.read({ function: { name: "f", arguments: "{}" } });
  const second = calls.read({ function: { name: "f", arguments: "{}" } });
  expect([first.index, second.index]).toEqual([0, 1]);
  expect(first.id).toMatch(/^call_/);
  expect(first.id).not.toBe(second.id);
});

test("an answer has as many calls as a message of the next request may hold, and no more", () => {
  const calls = createToolCalls(systemRandom);
  const call = () => calls.read({ function: { name: "f", arguments: "{}" } });
  for (let count = 0; count < 1_024; count += 1) call();
  expect(call).toThrow(expect.objectContaining({ code: "stream_truncated" }) as Error);
});
