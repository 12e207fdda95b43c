/**
 * The specification of what a request to an engine may hold, path by path, written apart from the schemas that enforce
 * it; and a whole request that has all of it.
 */
import type { InferencePath } from "../../../src/protocol/chat.ts";

const sampling =
  "model stream stream_options stream_options.include_usage temperature top_p top_k min_p seed stop max_tokens " +
  "frequency_penalty presence_penalty repetition_penalty n logit_bias logit_bias.*";
const messages =
  "role content name tool_call_id reasoning_content reasoning refusal content[].type content[].text " +
  "content[].refusal content[].image_url content[].image_url.url content[].image_url.detail content[].input_audio " +
  "content[].input_audio.data content[].input_audio.format tool_calls tool_calls[].id tool_calls[].index " +
  "tool_calls[].type tool_calls[].function tool_calls[].function.name tool_calls[].function.arguments";
const tools =
  "type function function.name function.description function.parameters function.strict";
const formats =
  "type schema json_schema json_schema.name json_schema.description json_schema.strict json_schema.schema";
const kwargs =
  "enable_thinking thinking thinking_budget reasoning_effort clear_thinking preserve_thinking low_effort";

const under = (start: string, names: string) => names.split(" ").map((name) => start + name);

export const allowedPaths: Readonly<Record<InferencePath, ReadonlySet<string>>> = {
  "/v1/chat/completions": new Set([
    ...sampling.split(" "),
    ...[
      "messages",
      "max_completion_tokens",
      "logprobs",
      "top_logprobs",
      "response_format",
      "tools",
    ],
    ...["tool_choice", "tool_choice.type", "tool_choice.function", "tool_choice.function.name"],
    ...["parallel_tool_calls", "reasoning_effort", "chat_template_kwargs"],
    ...under("messages[].", messages),
    ...under("tools[].", tools),
    ...under("response_format.", formats),
    ...under("chat_template_kwargs.", kwargs),
  ]),
  "/v1/completions": new Set([...sampling.split(" "), "prompt", "suffix", "echo"]),
  "/v1/embeddings": new Set(["model", "input", "encoding_format", "dimensions"]),
};

/** The caller's own keys, all the way down. */
const free = new Set([
  "tools[].function.parameters",
  "response_format.schema",
  "response_format.json_schema.schema",
]);

/** Every key of a value by its path, as `messages[].content[].type`. */
export function pathsOf(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null || free.has(path)) return [];
  if (Array.isArray(value)) return value.flatMap((item) => pathsOf(item, `${path}[]`));
  return Object.entries(value).flatMap(([key, member]) => {
    const own = path === "logit_bias" ? `${path}.*` : path === "" ? key : `${path}.${key}`;
    return [own, ...pathsOf(member, own)];
  });
}

const schema = { type: "object", properties: { a: { $ref: "#/$defs/a" } }, $defs: { a: {} } };
const generation = {
  ...{ model: "test-model", stream: true, stream_options: { include_usage: true }, top_k: 40 },
  ...{ temperature: 0.5, top_p: 0.9, min_p: 0.1, seed: 7, stop: ["end"], max_tokens: 64, n: 1 },
  ...{
    frequency_penalty: 0,
    presence_penalty: 0,
    repetition_penalty: 1,
    logit_bias: { "50256": -100 },
  },
};
const call = { id: "c", index: 0, type: "function", function: { name: "f", arguments: "{}" } };

/** Holds every allowed path. */
export const wholeBodies = {
  "/v1/chat/completions": {
    ...generation,
    messages: [
      { role: "system", content: "Be brief.", name: "operator" },
      {
        role: "user",
        content: [
          { type: "text", text: "What is it?" },
          { type: "image_url", image_url: { url: "data:image/png;base64,AAAA", detail: "low" } },
          { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } },
        ],
      },
      { role: "assistant", content: [{ type: "refusal", refusal: "no" }], refusal: "no" },
      { role: "assistant", tool_calls: [call], reasoning_content: "hm", reasoning: "hm" },
      { role: "tool", tool_call_id: "c", content: "1" },
    ],
    ...{ max_completion_tokens: 64, logprobs: true, top_logprobs: 2, parallel_tool_calls: false },
    response_format: {
      ...{ type: "json_schema", schema },
      json_schema: { name: "a", description: "b", strict: true, schema },
    },
    tools: [
      {
        type: "function",
        function: { name: "f", description: "d", parameters: schema, strict: true },
      },
    ],
    tool_choice: { type: "function", function: { name: "f" } },
    reasoning_effort: "low",
    chat_template_kwargs: {
      ...{ enable_thinking: false, thinking: true, thinking_budget: 9, reasoning_effort: "low" },
      ...{ clear_thinking: true, preserve_thinking: true, low_effort: true },
    },
  },
  "/v1/completions": { ...generation, prompt: "Once", suffix: "end", echo: false },
  "/v1/embeddings": { model: "test-model", input: ["a"], encoding_format: "float", dimensions: 8 },
} as const satisfies Record<InferencePath, object>;

/** What engines take beyond OpenAI's fields, each by its own name: none of it is a guest's to set. */
export const enginesOwnFields: Readonly<Record<string, readonly string[]>> = {
  Ollama: [
    "options",
    "keep_alive",
    "format",
    "raw",
    "template",
    "system",
    "images",
    "think",
    "context",
  ],
  vLLM: [
    ...[
      "cache_salt",
      "chat_template",
      "documents",
      "mm_processor_kwargs",
      "priority",
      "request_id",
    ],
    ...[
      "kv_transfer_params",
      "vllm_xargs",
      "prompt_logprobs",
      "structured_outputs",
      "guided_regex",
    ],
  ],
  "LM Studio": ["ttl", "draft_model", "load_config"],
  "llama-server": [
    ...["id_slot", "cache_prompt", "grammar", "json_schema", "samplers", "lora", "n_predict"],
    ...["t_max_predict_ms", "n_keep", "post_sampling_probs", "speculative.n_max"],
  ],
  SGLang: [
    ...["lora_path", "session_params", "rid", "input_embeds", "custom_logit_processor", "regex"],
    ...["bootstrap_host", "bootstrap_port", "extra_key", "return_hidden_states", "ebnf"],
  ],
  "built-in": ["repeat_penalty", "file", "path", "url"],
};
