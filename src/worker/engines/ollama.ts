/**
 * Driver for Ollama, read through its own API (docs.ollama.com/api, `docs/openapi.yaml` of ollama/ollama) and
 * used through its OpenAI-compatible one. Models that Ollama would run in its cloud are never offered.
 */
import { z } from "zod";
import { boundedMap } from "../../base/bounded-map.ts";
import { limits } from "../../protocol/limits.ts";
import type { Capability, Model } from "../../protocol/node.ts";
import type { EngineKind, EngineOptions } from "./engine-kind.ts";
import type { Engine } from "./engine.ts";
import { type Asking, createHttpEngine } from "./http-engine.ts";
import { generating, positive, text, toModel } from "./model-claim.ts";
import { isAtLeast, isPlainTemplate, staysOpen } from "./prefill.ts";

/** `OLLAMA_NUM_PARALLEL` is 1 unless its owner set it; more than that only waits inside Ollama. */
const slotsDefault = 1;

const versionAnswer = z.looseObject({ version: z.string() });
const remote = { remote_model: text, remote_host: text };
const tagsAnswer = z.looseObject({
  models: z.array(
    z.looseObject({
      ...remote,
      name: z.string().min(1),
      digest: text,
      size: positive,
      details: z.looseObject({ quantization_level: text }).nullish().catch(undefined),
    }),
  ),
});
const psAnswer = z.looseObject({
  models: z.array(z.looseObject({ name: z.string(), context_length: positive })),
});
const showAnswer = z.looseObject({
  ...remote,
  capabilities: z.array(z.string()).nullish().catch(undefined),
  template: text,
  modelfile: text,
});

type Tag = z.infer<typeof tagsAnswer>["models"][number];
type Remote = { [Name in keyof typeof remote]?: string | null | undefined };

/** Ollama's words (`types/model/capability.go`) in ours. */
const capabilityWords: Readonly<Record<string, readonly Capability[]>> = {
  completion: generating,
  embedding: ["embedding"],
  vision: ["vision"],
  tools: ["tools"],
  thinking: ["reasoning"],
};

const isRemote = ({ remote_model, remote_host }: Remote) => Boolean(remote_model || remote_host);
/** Tags of Ollama's cloud: `gpt-oss:120b-cloud`, `kimi-k2:cloud`. */
const isCloudTag = (name: string) => /[:-]cloud$/i.test(name);

/**
 * A last message of the assistant is continued where the template leaves its turn open (ollama/ollama #6778; before 0.3
 * many did not, #5890). A renderer that is built into Ollama stands instead of the template, and is not shown.
 */
const canContinue = ({ template, modelfile }: z.infer<typeof showAnswer>): boolean =>
  isPlainTemplate(template) && staysOpen(template!) && !/^\s*RENDERER\b/im.test(modelfile ?? "");

/** What is asked once for each content. */
interface Shown {
  capabilities: readonly Capability[];
  canContinue: boolean;
  isRemote: boolean;
}

const createOllama = (options: EngineOptions): Engine => {
  /** By digest: a model's abilities change only with its content, and asking costs a call per model. */
  const known = boundedMap<string, Shown>(limits.modelsPerNode);

  async function show({ name, digest }: Tag, asking: Asking): Promise<Shown> {
    const key = digest ?? name;
    const before = known.get(key);
    if (before) return before;
    const answer = await asking.may("/api/show", showAnswer, { model: name });
    const shown: Shown = {
      // Older versions do not say; nearly all of their models chat.
      capabilities:
        answer?.capabilities?.flatMap((word) => capabilityWords[word] ?? []) ?? generating,
      canContinue: !!answer?.capabilities?.includes("completion") && canContinue(answer),
      isRemote: answer ? isRemote(answer) : false,
    };
    if (answer?.capabilities) known.set(key, shown);
    return shown;
  }

  return createHttpEngine(
    {
      type: "ollama",
      slotsDefault,
      // It needs no word for it.
      prefillFields: {},
      async read(asking) {
        const [{ version }, tags, running] = await Promise.all([
          asking.must("/api/version", versionAnswer, "version"),
          asking.must("/api/tags", tagsAnswer, "list of models"),
          asking.must("/api/ps", psAnswer, "list of running models"),
        ]);
        const loaded = new Map(
          running.models.map((model) => [model.name, model.context_length] as const),
        );
        const local = tags.models.filter((tag) => !isRemote(tag) && !isCloudTag(tag.name));
        const models: (Model | undefined)[] = [];
        for (const tag of local.slice(0, limits.modelsPerNode)) {
          const shown = await show(tag, asking);
          if (shown.isRemote) continue;
          models.push(
            toModel({
              name: tag.name,
              digest: tag.digest && `sha256:${tag.digest.replace(/^sha256:/, "")}`,
              sizeBytes: tag.size,
              // As loaded: Ollama gives a model far less than it was trained for unless told otherwise.
              contextLengths: [loaded.get(tag.name)],
              quantization: tag.details?.quantization_level,
              capabilities:
                shown.canContinue && isAtLeast(version, 0, 5)
                  ? [...shown.capabilities, "prefill"]
                  : shown.capabilities,
              loaded: loaded.has(tag.name),
            }),
          );
        }
        return { version, models };
      },
    },
    options,
  );
};

export const ollama: EngineKind = {
  type: "ollama",
  recognise: async (probe) =>
    versionAnswer.safeParse(await probe("/api/version")).success &&
    tagsAnswer.safeParse(await probe("/api/tags")).success,
  create: createOllama,
};
