/** Which of its tools a conversation of Anthropic's API has come to. */
import { expect, test } from "vitest";
import { readMessagesRequest } from "./to-chat.ts";

const tool = (name: string, more: object = {}) => ({ name, input_schema: {}, ...more });
const later = { defer_loading: true };
const reference = (name: string) => ({ type: "tool_reference", name });
const definition = (made: object) => ({ type: "tool_definition", definition: made });
const change = (type: "addition" | "removal", meant: object) => ({
  role: "system",
  content: [{ type: `tool_${type}`, tool: meant }],
});
const found = (...names: string[]) => ({
  type: "tool_result",
  tool_use_id: "call_1",
  content: names.map((name) => ({ type: "tool_reference", tool_name: name })),
});

/** Names of what the engine is given, and what was left out. */
function read(tools: object[], ...messages: object[]) {
  const hello = { role: "user", content: "Hello?" };
  const { candidate, ignored } = readMessagesRequest({
    ...{ model: "toy:1b", tools, messages: [hello, ...messages] },
  });
  const given = (candidate["tools"] ?? []) as { function: { name: string } }[];
  return { given: given.map(({ function: { name } }) => name), ignored };
}

test("a tool that waits is given to nobody until a search has found it, and then as the last", () => {
  const tools = [tool("map", later), tool("search"), tool("photo", later)];
  expect(read(tools)).toEqual({ given: ["search"], ignored: [] });
  const search = { role: "user", content: [found("photo", "map", "no-such")] };
  expect(read(tools, search)).toEqual({ given: ["search", "photo", "map"], ignored: [] });
});

test("a tool that was called, or that must be called, need not be found again", () => {
  const tools = [tool("search"), tool("map", later), tool("photo", later)];
  const called = { type: "tool_use", id: "call_1", name: "map", input: {} };
  const messages = [{ role: "assistant", content: [called] }];
  expect(read(tools, ...messages).given).toEqual(["search", "map"]);
  const { candidate } = readMessagesRequest({
    ...{ model: "toy:1b", tools, messages: [{ role: "user", content: "Hello?" }] },
    tool_choice: { type: "tool", name: "photo" },
  });
  expect(candidate).toMatchObject({ tool_choice: { function: { name: "photo" } } });
});

test("where nothing stands at hand that could search, nothing waits", () => {
  expect(read([tool("map", later), tool("photo", later)]).given).toEqual(["map", "photo"]);
});

test("where the search would run at Anthropic, which it does not here, no tool waits for it", () => {
  const type = "tool_search_tool_regex_20251119";
  const tools = [{ type, name: "tool_search_tool_regex" }, tool("map", later)];
  expect(read(tools)).toEqual({ given: ["map"], ignored: [`tools.${type}`] });
});

test("tools come and go on the conversation's way, the last word counts, and nothing is said of it", () => {
  const tools = [tool("map"), tool("photo", later)];
  const messages = [
    change("addition", definition(tool("clock"))),
    change("removal", reference("map")),
    change("addition", reference("photo")),
    change("removal", reference("clock")),
    change("addition", reference("clock")),
    change("removal", reference("no-such")),
  ];
  expect(read(tools, ...messages)).toEqual({ given: ["photo", "clock"], ignored: [] });
});

test.each([
  [change("addition", { type: "mcp_toolset", name: "a" }), "messages.1.content.0.tool.type"],
  [{ ...change("removal", reference("map")), role: "user" }, "messages.1.content.0.type"],
])("a change of tools that nobody understands is refused", (message, param) => {
  expect(() => read([tool("map")], message)).toThrow(
    expect.objectContaining({ code: "invalid_value", param }),
  );
});
