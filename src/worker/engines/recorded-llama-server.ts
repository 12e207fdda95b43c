/** For tests: what llama.cpp's server answers, shortened. */
import { type Recording, recordedStream } from "./recorded-server.ts";

const name = "gemma-4-12B-it-Q8_0.gguf";
const stream = recordedStream(name);
const card = { id: name, object: "model", created: 1_760_000_000, owned_by: "llamacpp" };

export const llamaServerRecording: Recording = {
  document: "tools/server/README.md of ggml-org/llama.cpp, b8681",
  routes: {
    "GET /health": { status: "ok" },
    "GET /props": {
      default_generation_settings: { id: 0, n_ctx: 16_384, params: { n_predict: -1 } },
      total_slots: 4,
      model_alias: name,
      model_path: `/models/${name}`,
      chat_template: "...",
      chat_template_caps: { supports_tools: true, supports_tool_calls: true },
      modalities: { vision: true, audio: false },
      build_info: "b8681-Debian",
      is_sleeping: false,
    },
    "GET /v1/models": {
      object: "list",
      data: [
        {
          ...card,
          meta: {
            vocab_type: 2,
            n_vocab: 262_144,
            n_ctx: 16_384,
            n_ctx_train: 262_144,
            n_params: 11_907_350_576,
            size: 12_653_822_144,
            ftype: "Q8_0",
          },
        },
      ],
      models: [{ name, model: name, capabilities: ["completion"] }],
    },
    "POST /v1/chat/completions": stream,
  },
};

/** Before `meta.n_ctx` and `total_slots`, its path for a name; a server under `--no-slots` lacks `/slots` too. */
export const llamaServerSparse: Recording = {
  document: "examples/server/README.md of llama.cpp b3600, and what a later one may add",
  routes: {
    "GET /health": { status: "ok", slots_idle: 1 },
    "GET /props": { default_generation_settings: { voltage: 3 }, modalities: null, total_slots: 0 },
    "GET /slots": [
      { id: 0, n_ctx: 8_192, state: 0 },
      { id: 1, n_ctx: 8_192, state: 1 },
    ],
    "GET /v1/models": {
      object: "list",
      data: [{ ...card, id: "../models/Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf", meta: null }],
      models: [{ capabilities: null }],
    },
    "POST /v1/chat/completions": stream,
  },
};

/** Models that it would load when they are asked for. */
export const llamaServerRouter: Recording = {
  document: "tools/server/README.md of ggml-org/llama.cpp, b8681, router mode",
  routes: {
    "GET /health": { status: "ok" },
    "GET /props": { role: "router", build_info: "b8681-Debian" },
    "GET /v1/models": {
      object: "list",
      data: [
        { ...card, id: "ggml-org/gemma-3-4b-it-GGUF:Q4_K_M", status: { value: "loaded" } },
        { ...card, id: "unsloth/Qwen3-8B-GGUF:Q8_0", status: { value: "unloaded" } },
        { ...card, id: "broken", status: { value: "unloaded", failed: true, exit_code: 1 } },
      ],
    },
    "POST /v1/chat/completions": stream,
  },
};
