/** For tests: what vLLM answers, shortened. `/health` has no body. */
import { type Recording, recordedStream } from "./recorded-server.ts";

const name = "NousResearch/Meta-Llama-3-8B-Instruct";
const stream = recordedStream(name);

export const vllmRecording: Recording = {
  document:
    'docs.vllm.ai "OpenAI-Compatible Server", `ModelCard` in vllm/entrypoints/openai, 0.11.0',
  routes: {
    "GET /health": "",
    "GET /version": { version: "0.11.0" },
    "GET /v1/models": {
      object: "list",
      data: [
        {
          id: name,
          object: "model",
          created: 1_760_000_000,
          owned_by: "vllm",
          root: name,
          parent: null,
          max_model_len: 8_192,
          permission: [{ id: "modelperm-1", object: "model_permission", is_blocking: false }],
        },
      ],
    },
    "POST /v1/chat/completions": stream,
  },
};

export const vllmSparse: Recording = {
  document: "`ModelCard` of vLLM 0.3, before `max_model_len`, and what a later one may add",
  routes: {
    "GET /health": "",
    "GET /version": { version: "0.3.0", git: "abc" },
    "GET /v1/models": {
      data: [{ id: name, owned_by: "vllm", max_model_len: null, lora: { rank: 8 } }],
      has_more: false,
    },
    "POST /v1/chat/completions": stream,
  },
};
