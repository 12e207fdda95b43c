/** What is read of a request: what is dropped and named, what is repeated, what a node hears of it. */
import { describe, expect, test } from "vitest";
import { expectResponse } from "../../../../test/support/openai-schema.ts";
import { chatOf } from "./chat-of.ts";
import type { Item } from "./items.ts";
import { readResponsesRequest, resolveReferences } from "./request.ts";
import { countingIds, createTeller } from "./telling.fixture.ts";

const read = (body: unknown) => readResponsesRequest(body, countingIds());
const ask = (fields: object) => read({ model: "toy", input: "Hi.", ...fields });
const f = { type: "function", name: "f", parameters: { type: "object" } };

test.each([
  ["frobnicate", { frobnicate: 1 }],
  ["moderation", { moderation: { model: "m" } }],
  ["truncation", { truncation: "auto" }],
  ["text.verbosity", { text: { verbosity: "low" } }],
  ["service_tier", { service_tier: "priority" }],
  ["stream_options.include_obfuscation", { stream_options: { include_obfuscation: true } }],
  ["include.file_search_call.results", { include: ["file_search_call.results"] }],
  ["reasoning.context", { reasoning: { context: "auto" } }],
  ["tools.web_search", { tools: [{ type: "web_search" }] }],
  ["tools.mcp", { tools: [{ type: "mcp", server_label: "s" }] }],
  ["tools", { tools: [{ type: "some text of somebody" }] }],
  ["tool_choice.web_search_preview", { tool_choice: { type: "web_search_preview" } }],
  ["input.web_search_call", { input: [{ type: "web_search_call", id: "ws_1" }] }],
  ["input.compaction", { input: [{ type: "compaction", encrypted_content: "x" }] }],
  ["input.mood", { input: [{ role: "user", content: "Hi.", mood: "good" }] }],
  ["tools.colour", { tools: [{ ...f, colour: "red" }] }],
])("%s is dropped and named", (name, fields) => {
  expect(ask(fields).ignored).toEqual([name]);
});

test.each([
  { stream_options: { include_obfuscation: false }, truncation: "disabled", service_tier: "auto" },
  { user: "u", safety_identifier: "s", prompt_cache_key: "k", metadata: { a: "b" } },
  { include: ["reasoning.encrypted_content", "message.output_text.logprobs"] },
  { tools: [{ ...f, defer_loading: false, allowed_callers: ["direct"] }], max_tool_calls: 3 },
  { conversation: null, prompt: null, temperature: null, instructions: null, tools: null },
])("nothing is named where nothing is lost: %j", (fields) => {
  expect(ask(fields).ignored).toEqual([]);
});

test("what identifies a user stays on this machine", () => {
  const request = ask({
    user: "u-1",
    safety_identifier: "u-1",
    prompt_cache_key: "u-1",
    metadata: { u: "u-1" },
  });
  expect(
    JSON.stringify(
      chatOf(
        resolveReferences(request, () => undefined),
        [],
      ),
    ),
  ).not.toContain("u-1");
  expect(request.settings.echo).toMatchObject({ user: "u-1", safety_identifier: "u-1" });
});

test("a request of the fewest fields has a whole resource", () => {
  const request = ask({});
  expect(request).toMatchObject({ isStream: false, isStored: true, isBackground: false });
  const resource = createTeller(request).resource();
  expectResponse(resource);
  expect(resource).toMatchObject({
    text: { format: { type: "text" } },
    tools: [],
    truncation: "disabled",
  });
}, 60_000);

describe("an effort", () => {
  const chatFor = (model: string, effort: string) =>
    ask({ model, reasoning: { effort } }).settings.chat;

  test("is asked for in the way that no engine of the model's family refuses", () => {
    expect(chatFor("gpt-oss:20b", "xhigh")).toMatchObject({ reasoning_effort: "high" });
    expect(chatFor("mistral-small", "low")).toEqual({ model: "mistral-small" });
    expect(chatFor("qwen3", "none")).toMatchObject({
      chat_template_kwargs: { enable_thinking: false },
    });
    expect(chatFor("qwen3", "minimal")).toMatchObject({
      chat_template_kwargs: { reasoning_effort: "minimal" },
    });
  });

  test("of the model's own reaches it, and the resource repeats only OpenAI's", () => {
    expect(chatFor("toy", "ultra")).toMatchObject({
      chat_template_kwargs: { enable_thinking: true, reasoning_effort: "ultra" },
    });
    const { echo } = ask({ reasoning: { effort: "ultra" } }).settings;
    expect(echo.reasoning).toEqual({ effort: null, summary: null });
  });

  test("gives way to what the application itself says to the template", () => {
    const chat_template_kwargs = { enable_thinking: false };
    const { chat } = ask({ reasoning: { effort: "low" }, chat_template_kwargs }).settings;
    expect(chat).toMatchObject({
      chat_template_kwargs: { enable_thinking: false, thinking: true },
    });
  });
});

test("of two tools with one name the first counts", () => {
  const { chat, echo } = ask({ tools: [f, { ...f, description: "again" }] }).settings;
  expect(chat["tools"]).toHaveLength(1);
  expect(echo.tools).toHaveLength(2);
});

describe("a choice among tools", () => {
  const g = { ...f, name: "g" };
  const names = (fields: object) =>
    (ask(fields).settings.chat["tools"] as { function: { name: string } }[]).map(
      (tool) => tool.function.name,
    );

  test("of allowed tools the model hears of those alone", () => {
    const tool_choice = {
      type: "allowed_tools",
      mode: "required",
      tools: [{ type: "function", name: "g" }],
    };
    expect(names({ tools: [f, g], tool_choice })).toEqual(["g"]);
    expect(ask({ tools: [f, g], tool_choice }).settings.chat).toMatchObject({
      tool_choice: "required",
    });
  });

  test("without tools none is sent: engines refuse it", () => {
    const { chat } = ask({ tools: [], tool_choice: "auto", parallel_tool_calls: false }).settings;
    expect(chat).toEqual({ model: "toy" });
  });
});

describe("references", () => {
  const kept: Item = {
    type: "message",
    id: "msg_9",
    role: "user",
    content: [{ type: "input_text", text: "Kept." }],
  };

  test.each([[{ type: "item_reference", id: "msg_9" }], [{ id: "msg_9" }]])(
    "%j stands for a kept item",
    (item) => {
      const { input } = resolveReferences(ask({ input: [item] }), (id) =>
        id === "msg_9" ? kept : undefined,
      );
      expect(input).toEqual([kept]);
    },
  );

  test("one that is not kept is refused by its place", () => {
    const request = ask({ input: [{ role: "user", content: "" }, { id: "msg_9" }] });
    expect(() => resolveReferences(request, () => undefined)).toThrow(
      expect.objectContaining({ code: "invalid_value", param: "input[1].id" }),
    );
  });
});

describe("a chat", () => {
  const user = (content: unknown) => ({ role: "user", content });
  const messagesFor = (input: object[]) => {
    const request = resolveReferences(ask({ input }), () => undefined);
    return (chatOf(request, []) as { messages: object[] }).messages;
  };
  const call = (id: string) => ({ type: "function_call", call_id: id, name: "f", arguments: "{}" });
  const output = (id: string, what: unknown) => ({
    type: "function_call_output",
    ...{ call_id: id, output: what },
  });
  const said = (text: string) => ({ role: "assistant", content: text });
  const picture = { type: "input_image", image_url: "data:image/png;base64,AAAA" };

  test("has no two messages of a user in a row", () => {
    expect(messagesFor([user("<cwd>/</cwd>"), user("Fix it.")])).toEqual([
      user("<cwd>/</cwd>\n\nFix it."),
    ]);
    expect(messagesFor([user("This:"), user([picture])])).toMatchObject([
      { content: [{ type: "text", text: "This:" }, { type: "image_url" }] },
    ]);
  });

  test("has rules at its beginning, and later ones as reminders", () => {
    const rule = (content: string) => ({ role: "developer", content });
    expect(messagesFor([rule("A."), user("Hi."), said("Hello."), rule("B.")])).toEqual([
      { role: "system", content: "A." },
      user("Hi."),
      said("Hello."),
      user("<system-reminder>\nB.\n</system-reminder>"),
    ]);
  });

  test("has what tools gave right behind the calls, whatever was said between", () => {
    const chat = messagesFor([
      call("a"),
      said("Wait."),
      call("b"),
      output("a", "1"),
      output("b", "2"),
    ]);
    expect(chat).toMatchObject([
      { role: "assistant", content: "Wait.", tool_calls: [{ id: "a" }, { id: "b" }] },
      { role: "tool", tool_call_id: "a" },
      { role: "tool", tool_call_id: "b" },
    ]);
  });

  test("has what tools showed behind the last of their messages", () => {
    const chat = messagesFor([
      call("a"),
      call("b"),
      output("a", [picture]),
      output("b", "2"),
      said("I see."),
    ]);
    expect(chat).toMatchObject([
      { role: "assistant" },
      { role: "tool", tool_call_id: "a", content: "" },
      { role: "tool", tool_call_id: "b" },
      { role: "user", content: [{ text: "Shown by a:" }, { type: "image_url" }] },
      said("I see."),
    ]);
  });
});

test("what was before comes between the instructions and the input", () => {
  const before = ask({ input: "First." }).input as Item[];
  const request = resolveReferences(
    ask({ input: "Second.", instructions: "New rules.", previous_response_id: "resp_1" }),
    () => undefined,
  );
  expect(chatOf(request, before)).toMatchObject({
    messages: [{ role: "system", content: "New rules." }, { content: "First.\n\nSecond." }],
  });
});
