/**
 * Driver for servers that speak OpenAI's API: vLLM, LM Studio, llama-server, or any other by its address.
 * What they say beyond `/v1/models` differs and is read where it is documented:
 * vLLM `max_model_len`, `/version` · llama-server `meta`, `/props` (tools/server/README.md of ggml-org/llama.cpp) ·
 * LM Studio `/api/v0/models` (lmstudio.ai/docs/api/rest-api).
 */
import type { Dispatcher } from "undici";
import { z } from "zod";
import type { Clock } from "../../base/clock.ts";
import { limits } from "../../protocol/limits.ts";
import type { Capability, Model } from "../../protocol/node.ts";
import { readAnswer } from "./answer-schema.ts";
import { openAiPath, type Engine } from "./engine.ts";
import { getJson } from "./http.ts";

export type OpenAiServer = "vllm" | "lm-studio" | "llama-server" | "openai";

/** vLLM batches by itself, dozens at once; the others compute one after the other unless they say more. */
const slotsDefault: Readonly<Record<OpenAiServer, number>> = {
  vllm: 8,
  "lm-studio": 1,
  "llama-server": 1,
  openai: 1,
};

const positive = z.int().positive().nullish().catch(undefined);

const modelsAnswer = z.looseObject({
  data: z.array(
    z.looseObject({
      id: z.string().min(1),
      max_model_len: positive,
      context_length: positive,
      meta: z
        .looseObject({ n_ctx: positive, size: positive, ftype: z.string().nullish() })
        .nullish()
        .catch(undefined),
      /** llama-server in router mode lists what it could load. */
      status: z.looseObject({ value: z.string() }).nullish().catch(undefined),
    }),
  ),
});
type Listed = z.infer<typeof modelsAnswer>["data"][number];

const versionAnswer = z.looseObject({ version: z.string() });
const propsAnswer = z.looseObject({
  build_info: z.string().optional(),
  total_slots: positive,
  modalities: z.looseObject({ vision: z.boolean().optional() }).optional(),
});
const lmStudioAnswer = z.looseObject({
  data: z.array(
    z.looseObject({
      id: z.string(),
      type: z.string().optional(),
      state: z.string().optional(),
      quantization: z.string().nullish(),
      loaded_context_length: positive,
      capabilities: z.array(z.string()).optional(),
    }),
  ),
});

/** What a server adds to its list of models. */
interface Extras {
  version: string;
  slots?: number;
  about(model: Listed): Partial<Model>;
}

type Get = (path: string) => Promise<unknown>;

const nothing: Extras = { version: "unknown", about: () => ({}) };

async function vllmExtras(get: Get): Promise<Extras> {
  const { version } = versionAnswer.parse(await get("/version"));
  return { ...nothing, version };
}

async function llamaServerExtras(get: Get): Promise<Extras> {
  const props = propsAnswer.parse(await get("/props"));
  const capabilities: Capability[] = ["chat", "completion"];
  if (props.modalities?.vision) capabilities.push("vision");
  return {
    version: props.build_info ?? "unknown",
    ...(props.total_slots && { slots: props.total_slots }),
    about: ({ status }) => ({ capabilities, ...(status && { loaded: status.value === "loaded" }) }),
  };
}

async function lmStudioExtras(get: Get): Promise<Extras> {
  const { data } = lmStudioAnswer.parse(await get("/api/v0/models"));
  const byId = new Map(data.map((model) => [model.id, model]));
  return {
    version: "unknown",
    about({ id }) {
      const model = byId.get(id);
      if (!model) return {};
      const capabilities: Capability[] =
        model.type === "embeddings" ? ["embedding"] : ["chat", "completion"];
      if (model.type === "vlm") capabilities.push("vision");
      if (model.capabilities?.includes("tool_use")) capabilities.push("tools");
      return {
        capabilities,
        loaded: model.state === "loaded",
        ...(model.quantization && { quantization: model.quantization }),
        ...(model.loaded_context_length && { context_length: model.loaded_context_length }),
      };
    },
  };
}

const extrasOf: Readonly<Record<OpenAiServer, (get: Get) => Promise<Extras>>> = {
  vllm: vllmExtras,
  "llama-server": llamaServerExtras,
  "lm-studio": lmStudioExtras,
  openai: async () => nothing,
};

function toModel(listed: Listed, extras: Extras): Model {
  const contextLength = listed.max_model_len ?? listed.meta?.n_ctx ?? listed.context_length;
  const about = extras.about(listed);
  const quantization = about.quantization ?? listed.meta?.ftype;
  return {
    capabilities: ["chat", "completion"],
    loaded: true,
    ...(contextLength && { context_length: contextLength }),
    ...(listed.meta?.size && { size_bytes: listed.meta.size }),
    ...about,
    ...(quantization && { quantization: quantization.slice(0, limits.shortTextCharacters) }),
    name: listed.id.slice(0, limits.modelNameCharacters),
  };
}

export interface OpenAiCompatibleOptions {
  type: OpenAiServer;
  /** Without `/v1`, for example `http://127.0.0.1:8000`. */
  origin: string;
  clock: Clock;
  apiKey?: string;
  /** By default what the server says, else what its kind usually bears. */
  slots?: number;
  dispatcher?: Dispatcher;
}

export function createOpenAiCompatible(options: OpenAiCompatibleOptions): Engine {
  const { type, origin, clock, apiKey, dispatcher } = options;
  const headers: Record<string, string> = apiKey ? { authorization: `Bearer ${apiKey}` } : {};
  let slots = options.slots ?? slotsDefault[type];
  return {
    type,
    origin,
    headers,
    get slots() {
      return slots;
    },
    path: openAiPath,
    async inspect(signal) {
      const get: Get = (path) =>
        getJson(`${origin}${path}`, { clock, signal, headers, dispatcher });
      const { data } = readAnswer(modelsAnswer, await get("/v1/models"), "list of models");
      // What comes on top is a courtesy of the server: an old version without it is still an engine.
      const extras = await extrasOf[type](get).catch(() => nothing);
      signal.throwIfAborted();
      slots = options.slots ?? extras.slots ?? slotsDefault[type];
      const models = data.slice(0, limits.modelsPerNode).map((listed) => toModel(listed, extras));
      return { version: extras.version.slice(0, limits.shortTextCharacters) || "unknown", models };
    },
    async [Symbol.asyncDispose]() {},
  };
}
