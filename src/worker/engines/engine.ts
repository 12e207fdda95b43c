/** What the worker needs of an inference server. One file per driver implements it. */
import type { Model } from "../../protocol/node.ts";

/** What the engine said about itself when it was last asked. */
export interface EngineSnapshot {
  /** The engine's version, or `"unknown"` where it does not say. */
  version: string;
  models: Model[];
}

/** The three shapes of request that workers understand; every dialect is translated to one of them. */
export type InferenceKind = "chat" | "completion" | "embedding";

export interface Engine extends AsyncDisposable {
  /** The driver's name as it appears in heartbeats: `ollama`, `openai`, `llama-cpp`… */
  readonly type: string;
  /** Origin of the engine's HTTP server, without a trailing slash. */
  readonly origin: string;
  /** What stands before the paths of a server that is not alone at its origin, for example `/ollama`. */
  readonly basePath?: string | undefined;
  /** Headers that each request to the engine must carry (its API key, where it has one). */
  readonly headers: Readonly<Record<string, string>>;
  /** The field by which the engine keeps requests apart in its prefix cache, where it has one. */
  readonly saltField?: "cache_salt" | undefined;
  /**
   * What a request holds beside its last message where the answer is to go on with that. A model of which the driver
   * claims `prefill` can do so.
   */
  readonly prefillFields?: Readonly<Record<string, unknown>> | undefined;
  /** How many requests the engine computes at once. */
  readonly slots: number;
  /** Asks the engine for its version and models. Rejects with code `engine_error` when it cannot be reached. */
  inspect(signal: AbortSignal): Promise<EngineSnapshot>;
  /** Path of the OpenAI-compatible route for `kind`. */
  path(kind: InferenceKind): string;
}

const openAiPaths = {
  chat: "/v1/chat/completions",
  completion: "/v1/completions",
  embedding: "/v1/embeddings",
} as const satisfies Record<InferenceKind, string>;

/** The routes as OpenAI names them; every driver so far uses these. */
export const openAiPath = (kind: InferenceKind): string => openAiPaths[kind];
