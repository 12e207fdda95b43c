/**
 * Driver for llama.cpp's server: tools/server/README.md of ggml-org/llama.cpp. Its memory is divided among slots; what
 * one request may use is `n_ctx` of `/props`, of a slot, and of newer model lists alike. As a router it lists
 * models that it would load when they are asked for.
 */
import { z } from "zod";
import type { Capability } from "../../protocol/node.ts";
import type { EngineKind, EngineOptions } from "./engine-kind.ts";
import type { Engine } from "./engine.ts";
import { createHttpEngine } from "./http-engine.ts";
import { flag, generating, positive, text, toModel } from "./model-claim.ts";
import { isPlainTemplate } from "./prefill.ts";

const words = z.array(z.string()).nullish().catch(undefined);

const serverList = z.looseObject({
  data: z.array(
    z.looseObject({
      id: z.string(),
      meta: z
        .looseObject({ n_ctx: positive, size: positive, ftype: text })
        .nullish()
        .catch(undefined),
      architecture: z.looseObject({ input_modalities: words }).nullish().catch(undefined),
      status: z.looseObject({ value: text, failed: flag }).nullish().catch(undefined),
    }),
  ),
  /** The same models as Ollama's clients want to see them. */
  models: z
    .array(z.looseObject({ name: text, model: text, capabilities: words }))
    .nullish()
    .catch(undefined),
});
const props = z.looseObject({
  build_info: text,
  total_slots: positive,
  default_generation_settings: z.looseObject({ n_ctx: positive }).nullish().catch(undefined),
  modalities: z.looseObject({ vision: flag }).nullish().catch(undefined),
  chat_template: text,
  chat_template_caps: z
    .looseObject({ supports_tools: flag, supports_tool_calls: flag })
    .nullish()
    .catch(undefined),
});
/** Off under `--no-slots`. */
const slotList = z.array(z.looseObject({ n_ctx: positive }));

type Props = z.infer<typeof props>;
type List = z.infer<typeof serverList>;
type Listed = List["data"][number];

/**
 * ggml-org/llama.cpp #13174; between #13196 and #15404, August 2025, it refused it for every model. Newer ones hear the
 * fields, under `--no-prefill-assistant` too (#23012); the others do so unless started with that.
 */
const prefillFields = { continue_final_message: true, add_generation_prompt: false };
const continuesFromBuild = 6_400;
const canContinue = (build: string | null | undefined): boolean =>
  Number(/^b(\d+)/.exec(build ?? "")?.[1] ?? 0) >= continuesFromBuild;

function capabilitiesOf(listed: Listed, list: List, stated: Props | undefined): Capability[] {
  const twin = list.models?.find(({ name, model }) => [name, model].includes(listed.id));
  if (twin?.capabilities?.includes("embedding")) return ["embedding"];
  const capabilities = [...generating];
  const { vision } = stated?.modalities ?? {};
  if (vision || listed.architecture?.input_modalities?.includes("image"))
    capabilities.push("vision");
  const { supports_tools, supports_tool_calls } = stated?.chat_template_caps ?? {};
  if (supports_tools || supports_tool_calls) capabilities.push("tools");
  // As a router it shows no template of the models that it would load.
  if (canContinue(stated?.build_info) && isPlainTemplate(stated?.chat_template))
    capabilities.push("prefill");
  return capabilities;
}

const createLlamaServer = (options: EngineOptions): Engine =>
  createHttpEngine(
    {
      type: "llama-server",
      slotsDefault: 1,
      prefillFields,
      async read(asking) {
        const [list, stated] = await Promise.all([
          asking.must("/v1/models", serverList, "list of models"),
          asking.may("/props", props),
        ]);
        const perSlot = stated?.default_generation_settings?.n_ctx;
        const needsSlots = !stated?.total_slots || !perSlot;
        const slots = needsSlots ? await asking.may("/slots", slotList) : undefined;
        return {
          version: stated?.build_info,
          slots: stated?.total_slots ?? (slots?.length || undefined),
          models: list.data
            .filter(({ status }) => !status?.failed && status?.value !== "failed")
            .map((listed) =>
              toModel({
                name: listed.id,
                sizeBytes: listed.meta?.size,
                contextLengths: [listed.meta?.n_ctx, perSlot, slots?.[0]?.n_ctx],
                quantization: listed.meta?.ftype,
                capabilities: capabilitiesOf(listed, list, stated),
                loaded: !listed.status || listed.status.value === "loaded",
              }),
            ),
        };
      },
    },
    options,
  );

const recognisableProps = z.looseObject({ default_generation_settings: z.looseObject({}) });

export const llamaServer: EngineKind = {
  type: "llama-server",
  owner: "llamacpp",
  recognise: async (probe) => recognisableProps.safeParse(await probe("/props")).success,
  create: createLlamaServer,
};
