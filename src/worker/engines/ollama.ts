/**
 * Driver for Ollama, read through its own API (docs.ollama.com/api, `docs/openapi.yaml` of ollama/ollama) and
 * used through its OpenAI-compatible one. Models that Ollama would run in its cloud are never offered.
 */
import type { Dispatcher } from "undici";
import { z } from "zod";
import { boundedMap } from "../../base/bounded-map.ts";
import type { Clock } from "../../base/clock.ts";
import { limits } from "../../protocol/limits.ts";
import type { Capability, Model } from "../../protocol/node.ts";
import { readAnswer } from "./answer-schema.ts";
import { openAiPath, type Engine } from "./engine.ts";
import { getJson } from "./http.ts";

/** `OLLAMA_NUM_PARALLEL` is 1 unless its owner set it; more than that only waits inside Ollama. */
const slotsDefault = 1;

const versionAnswer = z.looseObject({ version: z.string() });
const tagsAnswer = z.looseObject({
  models: z.array(
    z.looseObject({
      name: z.string().min(1),
      digest: z.string().optional(),
      size: z.int().nonnegative().optional(),
      remote_model: z.string().optional(),
      remote_host: z.string().optional(),
      details: z.looseObject({ quantization_level: z.string().optional() }).nullish(),
    }),
  ),
});
const psAnswer = z.looseObject({
  models: z.array(
    z.looseObject({ name: z.string(), context_length: z.int().positive().optional() }),
  ),
});
const showAnswer = z.looseObject({ capabilities: z.array(z.string()).optional() });

type Tag = z.infer<typeof tagsAnswer>["models"][number];

/** Ollama's words (`types/model/capability.go`) in ours. */
const capabilityWords: Readonly<Record<string, readonly Capability[]>> = {
  completion: ["chat", "completion"],
  embedding: ["embedding"],
  vision: ["vision"],
  tools: ["tools"],
  thinking: ["reasoning"],
};
/** Older versions do not say; nearly all of their models chat. */
const capabilitiesUnknown: Capability[] = ["chat", "completion"];

const isLocal = ({ remote_model, remote_host }: Tag) => !remote_model && !remote_host;

export interface OllamaOptions {
  /** For example `http://127.0.0.1:11434`. */
  origin: string;
  clock: Clock;
  slots?: number;
  dispatcher?: Dispatcher;
}

export function createOllama({
  origin,
  clock,
  slots = slotsDefault,
  dispatcher,
}: OllamaOptions): Engine {
  /** By digest: a model's abilities change only with its content, and asking costs a call per model. */
  const known = boundedMap<string, Capability[]>(limits.modelsPerNode);
  const get = (path: string, signal: AbortSignal, body?: unknown) =>
    getJson(`${origin}${path}`, { clock, signal, dispatcher, body });

  async function capabilitiesOf({ name, digest = name }: Tag, signal: AbortSignal) {
    const before = known.get(digest);
    if (before) return before;
    const answer = await get("/api/show", signal, { model: name }).catch(() => undefined);
    signal.throwIfAborted();
    const { capabilities } = showAnswer.catch({}).parse(answer);
    if (!capabilities) return capabilitiesUnknown;
    const words = capabilities.flatMap((word) => capabilityWords[word] ?? []);
    known.set(digest, words);
    return words;
  }

  return {
    type: "ollama",
    origin,
    headers: {},
    slots,
    path: openAiPath,
    async inspect(signal) {
      const [versions, tags, running] = await Promise.all([
        get("/api/version", signal),
        get("/api/tags", signal),
        get("/api/ps", signal),
      ]);
      const { version } = readAnswer(versionAnswer, versions, "version");
      const loaded = new Map(
        readAnswer(psAnswer, running, "list of running models").models.map(
          (model) => [model.name, model.context_length] as const,
        ),
      );
      const local = readAnswer(tagsAnswer, tags, "list of models").models.filter(isLocal);
      const models: Model[] = [];
      for (const tag of local.slice(0, limits.modelsPerNode)) {
        const contextLength = loaded.get(tag.name);
        const quantization = tag.details?.quantization_level;
        models.push({
          name: tag.name.slice(0, limits.modelNameCharacters),
          ...(tag.digest && { digest: `sha256:${tag.digest.replace(/^sha256:/, "")}` }),
          ...(tag.size !== undefined && { size_bytes: tag.size }),
          ...(contextLength !== undefined && { context_length: contextLength }),
          ...(quantization && { quantization: quantization.slice(0, limits.shortTextCharacters) }),
          capabilities: await capabilitiesOf(tag, signal),
          loaded: loaded.has(tag.name),
        });
      }
      return { version: version.slice(0, limits.shortTextCharacters), models };
    },
    async [Symbol.asyncDispose]() {},
  };
}
