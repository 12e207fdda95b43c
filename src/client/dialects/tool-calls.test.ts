import { expect, test } from "vitest";
import { systemRandom } from "../../base/random.ts";
import { createToolCalls, idsOfCalls } from "./tool-calls.ts";

test("a call's first delta has id, type and name; the others only its index and a fragment", () => {
  const calls = createToolCalls(systemRandom, new Set());
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

test("an id that the conversation has already is given no second time, and its fragments find their call", () => {
  const before = { role: "assistant", tool_calls: [{ id: "call_0" }, { id: "call_1" }] };
  const messages = [{ role: "user" }, before, { role: "assistant", tool_calls: null }];
  const calls = createToolCalls(systemRandom, idsOfCalls({ messages }));
  const first = calls.read({ index: 0, id: "call_0", function: { name: "f" } });
  // As Mistral's templates want it, and the others take it.
  expect(first?.id).toMatch(/^[0-9a-z]{9}$/);
  expect(calls.read({ index: 1, id: "call_2", function: { name: "f" } })?.id).toBe("call_2");
  expect(calls.read({ id: "call_0", function: { arguments: "{}" } })).toEqual({
    index: 0,
    function: { arguments: "{}" },
  });
});

test("an answer has as many calls as a message of the next request may hold, and no more", () => {
  const calls = createToolCalls(systemRandom, new Set());
  const call = () => calls.read({ function: { name: "f", arguments: "{}" } });
  for (let count = 0; count < 1_024; count += 1) call();
  expect(call).toThrow(expect.objectContaining({ code: "stream_truncated" }) as Error);
});
