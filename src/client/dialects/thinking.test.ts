/** Whatever an application asks of a model, no engine of its family refuses it. */
import { expect, test } from "vitest";
import { readInferenceRequest } from "../../protocol/chat.ts";
import { type Thinking, thinkingFields } from "./thinking.ts";

const qwen = "qwen3:8b";
const template = (settings: object) => ({ chat_template_kwargs: settings });

test.each<[string, Thinking, object]>([
  [qwen, {}, {}],
  [qwen, { isOn: true }, template({ enable_thinking: true, thinking: true })],
  [
    qwen,
    { isOn: false },
    { reasoning_effort: "none", ...template({ enable_thinking: false, thinking: false }) },
  ],
  [qwen, { effort: "max", budget: 64 }, template({ reasoning_effort: "max", thinking_budget: 64 })],
  [qwen, { isOn: false, effort: "max", budget: 64 }, thinkingFields(qwen, { isOn: false })],
  ["troop/auto", { isOn: true, effort: "high" }, {}],
  ["gpt-oss:20b", {}, {}],
  ["openai/gpt-oss-120b", { isOn: true, budget: 64 }, {}],
  ["gpt-oss:20b", { isOn: false }, { reasoning_effort: "low" }],
  ["gpt-oss:20b", { effort: "none" }, { reasoning_effort: "low" }],
  ["gpt-oss:20b", { effort: "medium" }, { reasoning_effort: "medium" }],
  ["gpt-oss:20b", { effort: "xhigh" }, { reasoning_effort: "high" }],
  ["gpt-oss:20b", { effort: "constructor" }, { reasoning_effort: "high" }],
])("%s is asked for %o with %o", (model, thinking, fields) => {
  expect(thinkingFields(model, thinking)).toEqual(fields);
  const body = { model, messages: [{ role: "user", content: "?" }], ...fields };
  expect(readInferenceRequest("/v1/chat/completions", body).ignored).toEqual([]);
});

test.each([
  "mistral-small3.2",
  "mistralai/Mixtral-8x7B-Instruct-v0.1",
  "ministral-3:8b",
  "magistral:24b",
  "hf.co/unsloth/Devstral-Small-2507-GGUF:Q4_K_M",
  "codestral",
  "mistralai/Pixtral-12B-2409",
  "mistralai/Voxtral-Mini-3B",
])("%s is asked for nothing: vLLM refuses a request that says any of it", (model) => {
  expect(thinkingFields(model, { isOn: false, effort: "high", budget: 64 })).toEqual({});
});
