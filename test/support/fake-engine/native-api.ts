/** What the scripted engine says of itself to those who ask, in the words of the engine that it plays. */
import type { Model } from "../../../src/protocol/node.ts";

export interface Played {
  type: string;
  models: readonly Model[];
  slots: number;
}

type Answers = Readonly<Record<string, unknown>>;

const owners: Readonly<Record<string, string>> = {
  "llama-server": "llamacpp",
  "lm-studio": "organization_owner",
  sglang: "sglang",
  vllm: "vllm",
};

const cards = ({ type, models }: Played) => ({
  object: "list",
  data: models.map(({ name, context_length }) => ({
    id: name,
    object: "model",
    ...(owners[type] && { owned_by: owners[type] }),
    ...(["vllm", "sglang"].includes(type) && { max_model_len: context_length ?? null }),
  })),
});

function nativeAnswers({ type, models, slots }: Played): Answers {
  switch (type) {
    case "llama-server":
      return {
        "/props": {
          total_slots: slots,
          default_generation_settings: { n_ctx: models[0]?.context_length ?? null },
        },
      };
    case "ollama":
      return {
        "/api/version": { version: "1.0" },
        "/api/tags": {
          models: models.map(({ name, digest, size_bytes }) => ({
            name,
            digest,
            size: size_bytes,
          })),
        },
        "/api/ps": {
          models: models
            .filter(({ loaded }) => loaded)
            .map(({ name, context_length }) => ({ name, context_length })),
        },
        "/api/show": { capabilities: ["completion", "tools"] },
      };
    case "lm-studio":
      return {
        "/api/v1/models": {
          models: models.map(({ name, size_bytes, context_length, loaded }) => ({
            ...{ type: "llm", key: name, size_bytes },
            loaded_instances: loaded
              ? [{ id: name, config: { context_length, parallel: slots } }]
              : [],
          })),
        },
      };
    case "sglang":
      return {
        "/model_info": { model_path: models[0]?.name ?? "none", is_generation: true },
        "/server_info": { version: "1.0", max_running_requests: slots },
      };
    case "vllm":
      return { "/version": { version: "1.0" } };
    default:
      return {};
  }
}

/** Undefined where the engine that is played has nothing at that path. */
export const describeItself = (path: string, played: Played): unknown =>
  path === "/v1/models" ? cards(played) : nativeAnswers(played)[path];
