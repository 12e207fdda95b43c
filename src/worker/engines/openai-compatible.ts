/** Driver for any server that speaks OpenAI's API, and the list of models that all such servers share. */
import { z } from "zod";
import type { EngineKind, EngineOptions } from "./engine-kind.ts";
import type { Engine } from "./engine.ts";
import { createHttpEngine } from "./http-engine.ts";
import { capabilitiesByName, positive, text, toModel } from "./model-claim.ts";

const card = z.looseObject({
  id: z.string(),
  owned_by: text,
  /** vLLM and SGLang: what the server was started with. */
  max_model_len: positive,
  context_length: positive,
});

/** `GET /v1/models`. */
export const modelList = z.looseObject({ data: z.array(card) });

export const createOpenAiCompatible = (options: EngineOptions): Engine =>
  createHttpEngine(
    {
      type: "openai",
      slotsDefault: 1,
      async read(asking) {
        const { data } = await asking.must("/v1/models", modelList, "list of models");
        return {
          models: data.map(({ id, max_model_len, context_length }) =>
            toModel({
              name: id,
              contextLengths: [max_model_len, context_length],
              capabilities: capabilitiesByName(id),
              loaded: true,
            }),
          ),
        };
      },
    },
    options,
  );

/** Never recognised, always named: any web server may list models. */
export const openAiCompatible: EngineKind = {
  type: "openai",
  recognise: async () => false,
  create: createOpenAiCompatible,
};
