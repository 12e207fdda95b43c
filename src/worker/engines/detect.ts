/** Finds the engines that already run on this machine and tells them apart by what they answer, not by their port. */
import type { Dispatcher } from "undici";
import { z } from "zod";
import type { Clock } from "../../base/clock.ts";
import type { Engine } from "./engine.ts";
import { ask, type Answer } from "./http.ts";
import { createOllama } from "./ollama.ts";
import { createOpenAiCompatible, type OpenAiServer } from "./openai-compatible.ts";

export interface EngineAddress {
  origin: string;
  /** For servers that were started with one (vLLM `--api-key`, llama-server `--api-key`). */
  apiKey?: string;
}

/** In the order of preference where two engines offer the same model. */
export const usualAddresses: readonly EngineAddress[] = [
  { origin: "http://127.0.0.1:8000" }, // vLLM
  { origin: "http://127.0.0.1:11434" }, // Ollama
  { origin: "http://127.0.0.1:1234" }, // LM Studio
  { origin: "http://127.0.0.1:8080" }, // llama-server
];

/** An engine on this machine answers in milliseconds; a port that swallows packets must not hold up the start. */
const probeMs = 2_000;

const ownService = z.looseObject({ service: z.string().startsWith("monkey-troop") });
const modelList = z.looseObject({
  data: z.array(z.looseObject({ owned_by: z.string().optional() })),
});
const version = z.looseObject({ version: z.string() });
const props = z.looseObject({ default_generation_settings: z.looseObject({}) });
const lmStudioList = z.looseObject({
  data: z.array(z.looseObject({ id: z.string(), state: z.string() })),
});

/** Servers that write their own name into `owned_by` (vLLM's `ModelCard`, llama.cpp's `/v1/models`). */
const owners: Readonly<Record<string, OpenAiServer>> = {
  vllm: "vllm",
  llamacpp: "llama-server",
  organization_owner: "lm-studio",
};

export interface DetectOptions {
  addresses?: readonly EngineAddress[];
  clock: Clock;
  signal: AbortSignal;
  dispatcher?: Dispatcher;
}

type Probe = (path: string) => Promise<Answer | undefined>;

/** The kind of engine behind an address, or undefined where there is none that we know. */
async function identify(probe: Probe): Promise<OpenAiServer | "ollama" | undefined> {
  const health = await probe("/health");
  if (!health || health.isTroop || ownService.safeParse(health.body).success) return undefined;

  // LM Studio answers 200 to any path, so only the shape of a body counts.
  const body = async (path: string) => {
    const answer = await probe(path);
    return answer && answer.status < 300 ? answer.body : undefined;
  };
  const models = modelList.safeParse(await body("/v1/models"));
  const owner = models.data?.data.map(({ owned_by }) => owners[owned_by ?? ""]).find(Boolean);
  if (owner) return owner;
  if (version.safeParse(await body("/api/version")).success) return "ollama";
  if (lmStudioList.safeParse(await body("/api/v0/models")).success) return "lm-studio";
  if (props.safeParse(await body("/props")).success) return "llama-server";
  if (models.success && version.safeParse(await body("/version")).success) return "vllm";
  return undefined;
}

/** Never rejects but with the reason of `signal`: an address where nothing answers is simply not there. */
export async function detectEngines(options: DetectOptions): Promise<Engine[]> {
  const { addresses = usualAddresses, clock, signal, dispatcher } = options;
  const found = await Promise.all(
    addresses.map(async ({ origin, apiKey }): Promise<Engine | undefined> => {
      const headers: Record<string, string> = apiKey ? { authorization: `Bearer ${apiKey}` } : {};
      const asking = { clock, signal, headers, dispatcher, timeoutMs: probeMs };
      const probe: Probe = (path) => ask(`${origin}${path}`, asking).catch(() => undefined);
      const type = await identify(probe);
      signal.throwIfAborted();
      const common = { origin, clock, ...(dispatcher && { dispatcher }) };
      if (type === "ollama") return createOllama(common);
      return type && createOpenAiCompatible({ ...common, type, ...(apiKey && { apiKey }) });
    }),
  );
  return found.filter((engine) => engine !== undefined);
}
