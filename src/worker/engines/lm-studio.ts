/**
 * Driver for LM Studio: its own API v1 (lmstudio.ai/docs/developer/rest/list, from 0.4.0), else v0
 * (lmstudio.ai/docs/developer/rest/endpoints, from 0.3.6), else OpenAI's list. It answers 200 to paths that it does not
 * know, so only the shape of a body counts. Which version it is, it does not say.
 */
import { z } from "zod";
import type { Capability } from "../../protocol/node.ts";
import type { EngineKind, EngineOptions } from "./engine-kind.ts";
import type { Engine } from "./engine.ts";
import { createHttpEngine, type Reading } from "./http-engine.ts";
import { capabilitiesByName, flag, generating, positive, text, toModel } from "./model-claim.ts";
import { modelList } from "./openai-compatible.ts";

const instance = z.looseObject({
  config: z
    .looseObject({ context_length: positive, parallel: positive })
    .nullish()
    .catch(undefined),
});
const first = z.looseObject({
  models: z.array(
    z.looseObject({
      key: z.string(),
      type: text,
      size_bytes: positive,
      quantization: z.looseObject({ name: text }).nullish().catch(undefined),
      loaded_instances: z.array(instance).nullish().catch(undefined),
      capabilities: z
        .looseObject({ vision: flag, trained_for_tool_use: flag, reasoning: z.unknown() })
        .nullish()
        .catch(undefined),
    }),
  ),
});
const zeroth = z.looseObject({
  data: z.array(
    z.looseObject({
      id: z.string(),
      state: z.string(),
      type: text,
      quantization: text,
      loaded_context_length: positive,
      capabilities: z.array(z.string()).nullish().catch(undefined),
    }),
  ),
});

function fromFirst({ models }: z.infer<typeof first>): Reading {
  const loaded = models.flatMap((model) => model.loaded_instances ?? []);
  const parallel = loaded.flatMap(({ config }) => config?.parallel ?? []);
  return {
    // Models share one GPU: what the widest takes at once is all that is promised.
    slots: parallel.length > 0 ? Math.max(...parallel) : undefined,
    models: models.map((model) => {
      const { vision, trained_for_tool_use, reasoning } = model.capabilities ?? {};
      const capabilities: Capability[] =
        model.type === "embedding" ? ["embedding"] : [...generating];
      if (vision) capabilities.push("vision");
      if (trained_for_tool_use) capabilities.push("tools");
      if (reasoning) capabilities.push("reasoning");
      const instances = model.loaded_instances ?? [];
      return toModel({
        name: model.key,
        sizeBytes: model.size_bytes,
        contextLengths: instances.map(({ config }) => config?.context_length),
        quantization: model.quantization?.name,
        capabilities,
        loaded: instances.length > 0,
      });
    }),
  };
}

function fromZeroth({ data }: z.infer<typeof zeroth>): Reading {
  return {
    models: data.map((model) => {
      const capabilities: Capability[] =
        model.type === "embeddings" ? ["embedding"] : [...generating];
      if (model.type === "vlm") capabilities.push("vision");
      if (model.capabilities?.includes("tool_use")) capabilities.push("tools");
      return toModel({
        name: model.id,
        contextLengths: [model.loaded_context_length],
        quantization: model.quantization,
        capabilities,
        loaded: model.state === "loaded",
      });
    }),
  };
}

const createLmStudio = (options: EngineOptions): Engine =>
  createHttpEngine(
    {
      type: "lm-studio",
      slotsDefault: 1,
      async read(asking) {
        const newest = await asking.may("/api/v1/models", first);
        if (newest) return fromFirst(newest);
        const older = await asking.may("/api/v0/models", zeroth);
        if (older) return fromZeroth(older);
        const { data } = await asking.must("/v1/models", modelList, "list of models");
        return {
          models: data.map(({ id }) =>
            toModel({ name: id, capabilities: capabilitiesByName(id), loaded: false }),
          ),
        };
      },
    },
    options,
  );

export const lmStudio: EngineKind = {
  type: "lm-studio",
  owner: "organization_owner",
  recognise: async (probe) =>
    first.safeParse(await probe("/api/v1/models")).success ||
    zeroth.safeParse(await probe("/api/v0/models")).success,
  create: createLmStudio,
};
