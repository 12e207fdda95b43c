/** What is refused of a request, and the names that the refusals give: OpenAI's, and nothing of the caller's. */
import { expect, test } from "vitest";
import { TroopError } from "../../../protocol/error-codes.ts";
import { inResponsesWords } from "./chat-refusal.ts";
import { readResponsesRequest } from "./request.ts";
import { countingIds } from "./telling.fixture.ts";

const read = (body: unknown) => readResponsesRequest(body, countingIds());
const withPart = (part: object) => ({ input: [{ role: "user", content: [part] }] });
const f = { type: "function", name: "f", parameters: { type: "object" } };
const pdf = "data:application/pdf;base64,JVBERi0=";

function refusalOf(body: unknown): { code: string; param: string | undefined; message: string } {
  try {
    read(body);
  } catch (error) {
    if (error instanceof TroopError)
      return { code: error.code, param: error.param, message: error.message };
    throw error;
  }
  throw new Error("it was not refused");
}

test.each([
  ["invalid_value", undefined, null],
  ["invalid_value", undefined, []],
  ["invalid_value", "model", { input: "Hi." }],
  ["invalid_value", "model", { model: "", input: "Hi." }],
  ["invalid_value", "input", { model: "toy" }],
  ["invalid_value", "input", { model: "toy", input: 7 }],
  ["invalid_value", "stream", { model: "toy", input: "", stream: "yes" }],
  ["unsupported_parameter", "conversation", { model: "toy", input: "", conversation: "conv_1" }],
  ["unsupported_parameter", "prompt", { model: "toy", prompt: { id: "pmpt_1" } }],
])("%s names %s", (code, param, body) => {
  expect(refusalOf(body)).toMatchObject({ code, param });
});

test.each([
  ["invalid_value", "temperature", { temperature: -1 }],
  ["invalid_value", "max_output_tokens", { max_output_tokens: 0 }],
  ["invalid_value", "top_logprobs", { top_logprobs: 21 }],
  ["invalid_value", "background", { background: true, store: false }],
  ["invalid_value", "instructions", { instructions: [] }],
  ["invalid_value", "metadata", { metadata: { k: 7 } }],
  ["invalid_value", "metadata", { metadata: { "K 1": "v".repeat(513) } }],
  ["invalid_value", "text.format.type", { text: { format: { type: "xml" } } }],
  ["invalid_value", "text.format.schema", { text: { format: { type: "json_schema", name: "n" } } }],
  ["invalid_value", "reasoning.effort", { reasoning: { effort: 7 } }],
  ["invalid_value", "input[0]", { input: ["Hi."] }],
  ["invalid_value", "input[0].role", { input: [{ role: "tool", content: "" }] }],
  ["invalid_value", "input[0].content", { input: [{ role: "user" }] }],
  ["invalid_value", "input[0].content[0].type", withPart({ type: "input_video" })],
  ["invalid_value", "input[0].content[0].text", withPart({ type: "input_text" })],
  ["invalid_value", "input[0].content[0].image_url", withPart({ type: "input_image" })],
  ["invalid_value", "input[0].content[0].detail", withPart({ type: "input_image", detail: 1 })],
  [
    "unsupported_parameter",
    "input[0].content[0].file_id",
    withPart({ type: "input_image", file_id: "file-1" }),
  ],
  [
    "unsupported_parameter",
    "input[0].content[0].file_id",
    withPart({ type: "input_file", file_id: "file-1" }),
  ],
  [
    "unsupported_parameter",
    "input[0].content[0].file_url",
    withPart({ type: "input_file", file_url: "https://example.com/a.pdf" }),
  ],
  [
    "unsupported_parameter",
    "input[0].content[0].file_data",
    withPart({ type: "input_file", file_data: pdf }),
  ],
  [
    "unsupported_parameter",
    "input[0].output[0].file_data",
    {
      input: [
        {
          type: "function_call_output",
          call_id: "c",
          output: [{ type: "input_file", file_data: pdf }],
        },
      ],
    },
  ],
  ["invalid_value", "input[0].call_id", { input: [{ type: "function_call_output", output: "" }] }],
  ["invalid_value", "input[0].output", { input: [{ type: "function_call_output", call_id: "c" }] }],
  [
    "invalid_value",
    "input[0].arguments",
    { input: [{ type: "function_call", call_id: "c", name: "f" }] },
  ],
  ["invalid_value", "input[0].id", { input: [{ type: "item_reference" }] }],
  ["invalid_value", "tools", { tools: {} }],
  ["invalid_value", "tools[0].name", { tools: [{ type: "function" }] }],
  [
    "invalid_value",
    "tools[1].tools[0].name",
    { tools: [f, { type: "namespace", name: "n", tools: [{ type: "custom" }] }] },
  ],
  ["invalid_value", "tool_choice", { tool_choice: "maybe" }],
  [
    "invalid_value",
    "tool_choice.name",
    { tools: [f], tool_choice: { type: "function", name: "g" } },
  ],
  [
    "invalid_value",
    "tool_choice.tools",
    {
      tools: [f],
      tool_choice: {
        type: "allowed_tools",
        mode: "auto",
        tools: [{ type: "function", name: "g" }],
      },
    },
  ],
])("%s names %s", (code, param, fields) => {
  expect(refusalOf({ model: "toy", input: "Hi.", ...fields })).toMatchObject({ code, param });
});

const secret = "hunter";

test.each([
  { input: [{ role: secret, content: secret }] },
  { input: [{ type: secret, content: secret, role: 7, [secret]: secret }], include: [7, secret] },
  { metadata: { [secret]: 7 } },
  { tools: [{ type: "function", name: 7, parameters: { [secret]: secret } }] },
  { tools: [f], tool_choice: { type: "function", name: secret } },
  {
    input: [
      { type: "local_shell_call", action: { type: "exec", command: [], env: { [secret]: 7 } } },
    ],
  },
  { input: [{ role: "user", content: [{ type: "input_image", image_url: 7, detail: secret }] }] },
])("a refusal repeats nothing of what was sent: %j", (fields) => {
  const { message, param } = refusalOf({ model: "toy", input: "Hi.", ...fields });
  expect(`${message} ${param}`).not.toContain(secret);
});

test.each([
  ["messages.1.content.0.image_url.url", "input"],
  ["tools.3.function.parameters", "tools"],
  ["response_format.json_schema.schema", "text.format.schema"],
  ["max_completion_tokens", "max_output_tokens"],
  ["temperature", "temperature"],
])("the chat's %s is called %s", (param, own) => {
  const error = inResponsesWords(
    new TroopError("invalid_value", `\`${param}\`: wrong.`, { param }),
  );
  expect(error).toMatchObject({ code: "invalid_value", param: own, message: `\`${own}\`: wrong.` });
});

test("a file with ten megabytes of parameters before its data is none of text", () => {
  const file_data = `data:${";a".repeat(5_000_000)}`;
  const { code, param } = refusalOf({
    model: "toy",
    ...withPart({ type: "input_file", file_data }),
  });
  expect({ code, param }).toEqual({
    code: "unsupported_parameter",
    param: "input[0].content[0].file_data",
  });
});
