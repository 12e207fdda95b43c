/**
 * Driver for SGLang: docs.sglang.io "SGLang Native APIs", `http_server.py` in sgl-project/sglang. `/model_info` and
 * `/server_info` are the newer names of `/get_model_info` and `/get_server_info`. Of the latter, which holds the
 * server's own keys, nothing is read but what is named here.
 */
import { z } from "zod";
import type { Capability } from "../../protocol/node.ts";
import type { EngineKind, EngineOptions } from "./engine-kind.ts";
import type { Engine } from "./engine.ts";
import { type Asking, createHttpEngine } from "./http-engine.ts";
import { flag, generating, positive, text, toModel } from "./model-claim.ts";
import { modelList } from "./openai-compatible.ts";
import { continuesByName, isAtLeast } from "./prefill.ts";

/** It would take thousands at once, each slower than its requester was told. */
const slotsDefault = 8;

const modelInfo = z.looseObject({
  model_path: z.string(),
  is_generation: flag,
  has_image_understanding: flag,
});
const serverInfo = z.looseObject({
  version: text,
  max_running_requests: positive,
  /** Tokens of all requests together that fit into memory. */
  max_total_num_tokens: positive,
  quantization: text,
  tool_call_parser: text,
  reasoning_parser: text,
});
type Model = z.infer<typeof modelInfo>;
type Server = z.infer<typeof serverInfo>;

async function newerOrOlder<S extends z.ZodType>(asking: Asking, name: string, shape: S) {
  return (await asking.may(`/${name}`, shape)) ?? (await asking.may(`/get_${name}`, shape));
}

function capabilitiesOf(
  id: string,
  model: Model | undefined,
  server: Server | undefined,
): Capability[] {
  if (model?.is_generation === false) return ["embedding"];
  const capabilities = [...generating];
  if (model?.has_image_understanding) capabilities.push("vision");
  // Without their parsers, calls and thoughts arrive as plain text.
  if (server?.tool_call_parser) capabilities.push("tools");
  if (server?.reasoning_parser) capabilities.push("reasoning");
  else if (isAtLeast(server?.version, 0, 5) && continuesByName(id)) capabilities.push("prefill");
  return capabilities;
}

const createSglang = (options: EngineOptions): Engine =>
  createHttpEngine(
    {
      type: "sglang",
      slotsDefault,
      // sgl-project/sglang #4226, in 0.4.5: the text goes behind the template's own opening, as it is.
      prefillFields: { continue_final_message: true },
      async read(asking) {
        const [{ data }, model, server] = await Promise.all([
          asking.must("/v1/models", modelList, "list of models"),
          newerOrOlder(asking, "model_info", modelInfo),
          newerOrOlder(asking, "server_info", serverInfo),
        ]);
        return {
          version: server?.version,
          // In its requests' protocol (sglang/srt/entrypoints/openai/protocol.py); older versions pass over it.
          saltField: "cache_salt",
          slots: Math.min(slotsDefault, server?.max_running_requests ?? slotsDefault),
          models: data.map(({ id, max_model_len }) =>
            toModel({
              name: id,
              contextLengths: [max_model_len, server?.max_total_num_tokens],
              quantization: server?.quantization,
              capabilities: capabilitiesOf(id, model, server),
              loaded: true,
            }),
          ),
        };
      },
    },
    options,
  );

export const sglang: EngineKind = {
  type: "sglang",
  owner: "sglang",
  recognise: async (probe) =>
    modelInfo.safeParse(await probe("/model_info")).success ||
    modelInfo.safeParse(await probe("/get_model_info")).success,
  create: createSglang,
};
