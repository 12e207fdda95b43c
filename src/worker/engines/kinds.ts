/** Every engine that is known by its answers. */
import type { EngineKind } from "./engine-kind.ts";
import { llamaServer } from "./llama-server.ts";
import { lmStudio } from "./lm-studio.ts";
import { ollama } from "./ollama.ts";
import { openAiCompatible } from "./openai-compatible.ts";
import { sglang } from "./sglang.ts";
import { vllm } from "./vllm.ts";

/**
 * In the order of asking: SGLang and llama-server also speak some of Ollama's API, and what is left when all others
 * are told apart is vLLM.
 */
export const engineKinds: readonly EngineKind[] = [sglang, llamaServer, lmStudio, ollama, vllm];

/** Names that `ENGINE_ORDER` may hold; the last is the built-in engine. */
export const engineTypes: readonly string[] = [
  ...[...engineKinds, openAiCompatible].map(({ type }) => type),
  "llama-cpp",
];
