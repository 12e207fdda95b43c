/** For tests: what LM Studio answers, shortened. It answers 200 to paths that it does not know. */
import { type Recording, recordedStream } from "./recorded-server.ts";

const otherwise = { error: "Unexpected endpoint or method. Returning 200 anyway" };
const cards = (...ids: string[]) => ({
  object: "list",
  data: ids.map((id) => ({ id, object: "model", owned_by: "organization_owner" })),
});

const first = ["gemma-3-270m-it-qat", "text-embedding-nomic-embed-text-v1.5-embedding"] as const;
export const lmStudioRecording: Recording = {
  document: "lmstudio.ai/docs/developer/rest/list (API v1), 0.4.1",
  routes: {
    "GET /api/v1/models": {
      models: [
        {
          type: "llm",
          publisher: "lmstudio-community",
          key: first[0],
          display_name: "Gemma 3 270m Instruct Qat",
          architecture: "gemma3",
          quantization: { name: "Q4_0", bits_per_weight: 4 },
          size_bytes: 241_410_208,
          params_string: "270M",
          loaded_instances: [
            {
              id: first[0],
              config: { context_length: 4_096, parallel: 4, flash_attention: true },
            },
          ],
          max_context_length: 32_768,
          format: "gguf",
          capabilities: { vision: false, trained_for_tool_use: true, reasoning: { default: "on" } },
          description: null,
        },
        {
          type: "embedding",
          publisher: "gaianet",
          key: first[1],
          display_name: "Nomic Embed Text v1.5",
          quantization: { name: "F16", bits_per_weight: 16 },
          size_bytes: 274_290_560,
          params_string: null,
          loaded_instances: [],
          max_context_length: 2_048,
          format: "gguf",
        },
      ],
    },
    "GET /v1/models": cards(...first),
    "POST /v1/chat/completions": recordedStream(first[0]),
  },
  otherwise,
};

const zeroth = ["qwen2-vl-7b-instruct", "text-embedding-nomic-embed-text-v1.5"] as const;
export const lmStudioZeroth: Recording = {
  document: "lmstudio.ai/docs/developer/rest/endpoints (API v0), 0.3.29",
  routes: {
    "GET /api/v0/models": {
      object: "list",
      data: [
        {
          id: zeroth[0],
          object: "model",
          type: "vlm",
          publisher: "mlx-community",
          arch: "qwen2_vl",
          compatibility_type: "mlx",
          quantization: "4bit",
          state: "loaded",
          max_context_length: 32_768,
          loaded_context_length: 4_096,
          capabilities: ["tool_use"],
        },
        {
          id: zeroth[1],
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
    "GET /v1/models": cards(...zeroth),
    "POST /v1/chat/completions": recordedStream(zeroth[0]),
  },
  otherwise,
};

export const lmStudioSparse: Recording = {
  document:
    "lmstudio.ai/docs/developer/rest/list (API v1), the fields that are not optional, and new ones",
  routes: {
    "GET /api/v1/models": {
      models: [
        { key: zeroth[0], loaded_instances: [{ id: "a", config: null }], capabilities: [] },
        { key: "bare", quantization: null, size_bytes: null, loaded_instances: null, aura: 7 },
      ],
      total: 2,
    },
    "GET /v1/models": cards(...zeroth),
    "POST /v1/chat/completions": recordedStream(zeroth[0]),
  },
  otherwise,
};

/** Before 0.3.6 there was OpenAI's list alone. */
export const lmStudioOldest: Recording = {
  document: "lmstudio.ai/docs/developer/openai-compat, 0.3.5",
  routes: {
    "GET /v1/models": cards(...zeroth),
    "POST /v1/chat/completions": recordedStream(zeroth[0]),
  },
  otherwise,
};
