/** The part that all drivers over HTTP have in common: asking, with key and limits, and keeping what was said of slots. */
import type { z } from "zod";
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import type { Model } from "../../protocol/node.ts";
import { readAnswer } from "./answer-schema.ts";
import type { EngineOptions } from "./engine-kind.ts";
import { openAiPath, type Engine } from "./engine.ts";
import { ask, getJson, isOurs } from "./http.ts";

/** Questions to one server. A body makes the question a POST. */
export interface Asking {
  readonly signal: AbortSignal;
  /** @throws TroopError `engine_error`; the reason of `signal` */
  must<S extends z.ZodType>(path: string, shape: S, what: string): Promise<z.infer<S>>;
  /**
   * What comes on top is a courtesy of the server: undefined where it has no such route or answers otherwise.
   * Rejects only with the reason of `signal`.
   */
  may<S extends z.ZodType>(path: string, shape: S, body?: object): Promise<z.infer<S> | undefined>;
}

/** What a server said when it was asked. */
export interface Reading {
  version?: string | null | undefined;
  models: readonly (Model | undefined)[];
  /** Requests that it computes at once, where it says. */
  slots?: number | null | undefined;
  /** Where this version of it has one. */
  saltField?: Engine["saltField"];
}

export interface HttpDriver {
  type: string;
  /** Where neither the owner nor the server says. */
  slotsDefault: number;
  prefillFields?: Engine["prefillFields"];
  read(asking: Asking): Promise<Reading>;
}

export function createHttpEngine(driver: HttpDriver, options: EngineOptions): Engine {
  const { origin, basePath = "", clock, apiKey, dispatcher } = options;
  const headers: Record<string, string> = apiKey ? { authorization: `Bearer ${apiKey}` } : {};
  let slots = options.slots ?? driver.slotsDefault;
  let saltField: Engine["saltField"];

  function asking(signal: AbortSignal): Asking {
    const get = (path: string, body?: object) =>
      getJson(`${origin}${basePath}${path}`, { clock, signal, headers, dispatcher, body });
    return {
      signal,
      must: async (path, shape, what) => readAnswer(shape, await get(path), what),
      async may(path, shape, body) {
        const answer = await get(path, body).catch(() => undefined);
        signal.throwIfAborted();
        return shape.safeParse(answer).data;
      },
    };
  }

  /** A port may have changed hands: whoever lent our own local API would lend the network to itself. */
  async function refuseOurs(signal: AbortSignal) {
    const asked = ask(`${origin}/health`, { clock, signal, dispatcher });
    const health = await asked.catch(() => undefined);
    signal.throwIfAborted();
    if (!health || !isOurs(health)) return;
    throw new TroopError(
      "engine_error",
      `What answers at ${origin} is Monkey Troop, not an engine.`,
    );
  }

  return {
    type: driver.type,
    ...{ origin, basePath, headers, prefillFields: driver.prefillFields },
    get saltField() {
      return saltField;
    },
    get slots() {
      return slots;
    },
    path: (kind) => basePath + openAiPath(kind),
    async inspect(signal) {
      const reading = driver.read(asking(signal));
      reading.catch(() => undefined);
      await refuseOurs(signal);
      const said = await reading;
      signal.throwIfAborted();
      slots = options.slots ?? said.slots ?? driver.slotsDefault;
      ({ saltField } = said);
      const named = said.models.filter((model) => model !== undefined);
      const once = new Map(named.map((model) => [model.name, model]));
      return {
        version: said.version?.slice(0, limits.shortTextCharacters) || "unknown",
        models: [...once.values()].slice(0, limits.modelsPerNode),
      };
    },
    async [Symbol.asyncDispose]() {},
  };
}
