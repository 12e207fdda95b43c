/**
 * For tests: what the engines answer, each after the document named beside it, shortened.
 * Ids and sizes are examples of those documents.
 */
import { recordedStream, type Recorded } from "./recorded-server.ts";

type Routes = Readonly<Record<string, Recorded>>;

const ollamaDigest = "a2af6cc3eb7fa8be8504abaf9b04e88f17a119ec3f04a3addf55f92841195f5a";

/** Ollama: docs.ollama.com/api (tags, ps, show, version), `docs/openapi.yaml` in ollama/ollama. */
export const ollama: Routes = {
  "GET /": "Ollama is running",
  "GET /api/version": { version: "0.12.6" },
  "GET /api/tags": {
    models: [
      {
        name: "gemma3:4b",
        model: "gemma3:4b",
        modified_at: "2025-10-03T23:34:03.409490317-07:00",
        size: 3_338_801_804,
        digest: ollamaDigest,
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
        digest: ollamaDigest,
        expires_at: "2025-10-17T16:47:07.93355-07:00",
        size_vram: 5_333_539_264,
        context_length: 4_096,
      },
    ],
  },
  "POST /api/show": (_request: unknown, body: string) => ({
    details: { format: "gguf" },
    model_info: {},
    capabilities: body.includes("embed") ? ["embedding"] : ["completion", "vision", "tools"],
  }),
  "GET /v1/models": {
    object: "list",
    data: [{ id: "gemma3:4b", object: "model", created: 1_759_559_643, owned_by: "library" }],
  },
  "POST /v1/chat/completions": recordedStream("gemma3:4b", { system_fingerprint: "fp_ollama" }),
};

/** vLLM: `ModelCard` in vllm/entrypoints/openai, docs.vllm.ai "OpenAI-Compatible Server". `/health` has no body. */
export const vllm: Routes = {
  "GET /health": "",
  "GET /version": { version: "0.11.0" },
  "GET /v1/models": {
    object: "list",
    data: [
      {
        id: "NousResearch/Meta-Llama-3-8B-Instruct",
        object: "model",
        created: 1_760_000_000,
        owned_by: "vllm",
        root: "NousResearch/Meta-Llama-3-8B-Instruct",
        parent: null,
        max_model_len: 8_192,
        permission: [{ id: "modelperm-1", object: "model_permission", is_blocking: false }],
      },
    ],
  },
  "POST /v1/chat/completions": recordedStream("NousResearch/Meta-Llama-3-8B-Instruct"),
};

/** llama-server: tools/server/README.md in ggml-org/llama.cpp. */
export const llamaServer: Routes = {
  "GET /health": { status: "ok" },
  "GET /props": {
    default_generation_settings: { id: 0, n_ctx: 65_536 },
    total_slots: 4,
    model_path: "/models/gemma-4-12B-it-Q8_0.gguf",
    modalities: { vision: true, audio: false },
    build_info: "b8681-Debian",
  },
  "GET /v1/models": {
    object: "list",
    data: [
      {
        id: "gemma-4-12B-it-Q8_0.gguf",
        object: "model",
        created: 1_760_000_000,
        owned_by: "llamacpp",
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
    models: [{ name: "gemma-4-12B-it-Q8_0.gguf", capabilities: ["completion"] }],
  },
  "POST /v1/chat/completions": recordedStream("gemma-4-12B-it-Q8_0.gguf"),
};

/** LM Studio: lmstudio.ai/docs/api/rest-api (v0). It answers 200 to unknown paths too. */
export const lmStudio: Routes = {
  "GET /v1/models": {
    object: "list",
    data: [
      { id: "qwen2-vl-7b-instruct", object: "model", owned_by: "organization_owner" },
      {
        id: "text-embedding-nomic-embed-text-v1.5",
        object: "model",
        owned_by: "organization_owner",
      },
    ],
  },
  "GET /api/v0/models": {
    object: "list",
    data: [
      {
        id: "qwen2-vl-7b-instruct",
        object: "model",
        type: "vlm",
        publisher: "mlx-community",
        arch: "qwen2_vl",
        compatibility_type: "mlx",
        quantization: "4bit",
        state: "loaded",
        max_context_length: 32_768,
        loaded_context_length: 4_096,
      },
      {
        id: "text-embedding-nomic-embed-text-v1.5",
        object: "model",
        type: "embeddings",
        publisher: "nomic-ai",
        arch: "nomic-bert",
        compatibility_type: "gguf",
        quantization: "Q4_0",
        state: "not-loaded",
        max_context_length: 2_048,
      },
    ],
  },
  "POST /v1/chat/completions": recordedStream("qwen2-vl-7b-instruct"),
};
export const lmStudioOtherwise = { error: "Unexpected endpoint or method. Returning 200 anyway" };
