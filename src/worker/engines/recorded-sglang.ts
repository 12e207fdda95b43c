/** For tests: what SGLang answers, shortened. */
import { type Recording, recordedStream } from "./recorded-server.ts";

const name = "qwen/qwen2.5-0.5b-instruct";
const stream = recordedStream(name);
const card = { id: name, object: "model", created: 1_771_867_474, owned_by: "sglang" };

export const sglangRecording: Recording = {
  document:
    'docs.sglang.io "SGLang Native APIs" (2026-02), http_server.py of sgl-project/sglang, 0.5.9',
  routes: {
    "GET /health": "",
    "GET /model_info": {
      model_path: name,
      tokenizer_path: name,
      is_generation: true,
      preferred_sampling_params: null,
      weight_version: "default",
      has_image_understanding: false,
      has_audio_understanding: false,
      model_type: "qwen2",
      architectures: ["Qwen2ForCausalLM"],
    },
    "GET /server_info": {
      model_path: name,
      served_model_name: name,
      api_key: "must-never-be-read",
      context_length: null,
      quantization: "fp8",
      max_running_requests: 128,
      tool_call_parser: "qwen25",
      reasoning_parser: null,
      status: "ready",
      max_total_num_tokens: 20_480,
      max_req_input_len: 20_474,
      internal_states: [{}],
      version: "0.5.9",
    },
    "GET /v1/models": {
      object: "list",
      data: [{ ...card, root: name, parent: null, max_model_len: 32_768 }],
    },
    "POST /v1/chat/completions": stream,
  },
};

export const sglangSparse: Recording = {
  document: "http_server.py of SGLang 0.4, with the older names only, and what a later one may add",
  routes: {
    "GET /health": "",
    "GET /get_model_info": { model_path: name, is_generation: "yes", tower: {} },
    "GET /get_server_info": { version: null, max_running_requests: null, cluster: ["a"] },
    "GET /v1/models": { object: "list", data: [{ ...card, unknown: true }] },
    "POST /v1/chat/completions": stream,
  },
};
