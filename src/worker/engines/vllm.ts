/** Driver for vLLM: `ModelCard` in vllm/entrypoints/openai, `GET /version`; docs.vllm.ai "OpenAI-Compatible Server". */
import { z } from "zod";
import type { Capability } from "../../protocol/node.ts";
import type { EngineKind, EngineOptions } from "./engine-kind.ts";
import type { Engine } from "./engine.ts";
import { createHttpEngine } from "./http-engine.ts";
import { capabilitiesByName, generating, toModel } from "./model-claim.ts";
import { modelList } from "./openai-compatible.ts";
import { continuesByName, isAtLeast } from "./prefill.ts";

/** It batches by itself, dozens at once; more of them would only make each slower than its requester was told. */
const slotsDefault = 8;
const versionAnswer = z.looseObject({ version: z.string() });

/**
 * docs.vllm.ai "Automatic Prefix Caching", cache isolation. Before 0.11 one that runs its first engine, as it does by
 * itself on old GPUs, refuses each request that has the field (`check_cache_salt_support`), and does not say which it is.
 */
const hasSalt = (version = ""): boolean => !/^v?0\.(\d|10)(\.|$)/.test(version);

/** vllm-project/vllm #8942, in 0.6.3; with Mistral's own tokenizer it was mended in 0.6.4. */
const prefillFields = { continue_final_message: true, add_generation_prompt: false };

function capabilitiesOf(id: string, version: string | undefined): readonly Capability[] {
  const capabilities = capabilitiesByName(id);
  const canContinue = capabilities === generating && isAtLeast(version, 0, 7);
  return canContinue && continuesByName(id) ? [...capabilities, "prefill"] : capabilities;
}

const createVllm = (options: EngineOptions): Engine =>
  createHttpEngine(
    {
      type: "vllm",
      slotsDefault,
      prefillFields,
      async read(asking) {
        const [{ data }, version] = await Promise.all([
          asking.must("/v1/models", modelList, "list of models"),
          asking.may("/version", versionAnswer),
        ]);
        return {
          version: version?.version,
          saltField: hasSalt(version?.version) ? "cache_salt" : undefined,
          models: data.map(({ id, max_model_len }) =>
            toModel({
              name: id,
              contextLengths: [max_model_len],
              capabilities: capabilitiesOf(id, version?.version),
              loaded: true,
            }),
          ),
        };
      },
    },
    options,
  );

export const vllm: EngineKind = {
  type: "vllm",
  owner: "vllm",
  recognise: async (probe) =>
    modelList.safeParse(await probe("/v1/models")).success &&
    versionAnswer.safeParse(await probe("/version")).success,
  create: createVllm,
};
