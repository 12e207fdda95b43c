/**
 * Takes a model out of an engine's memory. Only Ollama does so when asked (its `docs/api.md`, "Unload a model": an empty
 * request with `keep_alive: 0`, whatever the model can do); the others keep what they were started with.
 */
import type { Dispatcher } from "undici";
import type { Clock } from "../../base/clock.ts";
import type { Offer } from "../catalogue-offers.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { ask } from "../engines/http.ts";

export interface UnloadParts {
  clock: Clock;
  /** Towards the engines. */
  dispatcher: Dispatcher;
}

/** @throws TroopError `engine_error` where the engine does not answer, or does not do it */
export const createUnload =
  ({ clock, dispatcher }: UnloadParts) =>
  async ({ engine, ownName }: Offer, signal: AbortSignal): Promise<void> => {
    if (engine.type !== "ollama") return;
    const body = { model: ownName, keep_alive: 0 };
    const { origin, basePath = "", headers } = engine;
    const url = `${origin}${basePath}/api/generate`;
    const { status } = await ask(url, { clock, signal, dispatcher, headers, body });
    if (status >= 200 && status <= 299) return;
    throw new TroopError("engine_error", `The engine at ${origin} answered ${status}.`);
  };
