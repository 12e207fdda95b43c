/** For tests: what Ollama answers, shortened. */
import { type Recording, recordedStream } from "./recorded-server.ts";

const digest = "a2af6cc3eb7fa8be8504abaf9b04e88f17a119ec3f04a3addf55f92841195f5a";
const stream = recordedStream("gemma3:4b", { system_fingerprint: "fp_ollama" });

export const ollamaRecording: Recording = {
  document: "docs/openapi.yaml and docs/api.md of ollama/ollama, 0.12.6",
  routes: {
    "GET /": "Ollama is running",
    "GET /api/version": { version: "0.12.6" },
    "GET /api/tags": {
      models: [
        {
          name: "gemma3:4b",
          model: "gemma3:4b",
          modified_at: "2025-10-03T23:34:03.409490317-07:00",
          size: 3_338_801_804,
          digest,
          details: {
            format: "gguf",
            family: "gemma3",
            families: ["gemma3"],
            parameter_size: "4.3B",
            quantization_level: "Q4_K_M",
          },
        },
        {
          name: "nomic-embed-text:latest",
          model: "nomic-embed-text:latest",
          size: 274_302_450,
          digest: "0a109f422b47e3a30ba2b10eca18548e944e8a23073ee3f3e947efcf3c45e59f",
          details: { format: "gguf", family: "nomic-bert", quantization_level: "F16" },
        },
        {
          name: "gpt-oss:120b-cloud",
          model: "gpt-oss:120b-cloud",
          remote_model: "gpt-oss:120b",
          remote_host: "https://ollama.com:443",
          size: 384,
          digest: "569662207105ac1ae4d4bf6d3ab5aaa1f6a2b2a5b4a3ef4cf5d3b1cf6f4d3e2c",
          details: { format: "", family: "gptoss", quantization_level: "MXFP4" },
        },
      ],
    },
    "GET /api/ps": {
      models: [
        {
          name: "gemma3:4b",
          model: "gemma3:4b",
          size: 6_591_830_464,
          digest,
          expires_at: "2025-10-17T16:47:07.93355-07:00",
          size_vram: 5_333_539_264,
          context_length: 4_096,
        },
      ],
    },
    "POST /api/show": (_request: unknown, body: string) => ({
      details: { format: "gguf" },
      model_info: { "gemma3.context_length": 131_072 },
      capabilities: body.includes("embed") ? ["embedding"] : ["completion", "vision", "tools"],
    }),
    "GET /v1/models": {
      object: "list",
      data: [{ id: "gemma3:4b", object: "model", created: 1_759_559_643, owned_by: "library" }],
    },
    "POST /v1/chat/completions": stream,
  },
};

/** Before `capabilities` (0.6.4), `context_length` (0.9.3) and the cloud (0.12), with fields nobody knows. */
export const ollamaSparse: Recording = {
  document: "docs/api.md of ollama/ollama, 0.5.13, and what a later one may add",
  routes: {
    "GET /api/version": { version: "0.5.13", commit: "unknown to us" },
    "GET /api/tags": {
      models: [
        { name: "gemma3:4b", details: null, a_new_field: { deep: [1] } },
        { name: "another:1b", size: "large", digest: null, details: { quantization_level: 4 } },
      ],
      a_new_list: [],
    },
    "GET /api/ps": { models: [{ name: "gemma3:4b", until: "for ever" }], next: null },
    "POST /api/show": { template: "{{ .Prompt }}", capabilities: "completion" },
    "POST /v1/chat/completions": stream,
  },
};
