/** Which models the engines offer now, and which engine serves a model. */
import type { Clock, Timer } from "../base/clock.ts";
import { startLoop, type Loop } from "../base/loop.ts";
import type { Random } from "../base/random.ts";
import type { Log } from "../host/log.ts";
import { limits } from "../protocol/limits.ts";
import type { Model, NodeSnapshot } from "../protocol/node.ts";
import type { Engine, EngineSnapshot } from "./engines/engine.ts";

export interface Offer {
  engine: Engine;
  model: Model;
}

/** An engine that answered when it was last asked. */
export interface Inspected extends EngineSnapshot {
  engine: Engine;
}

/** An engine that fails each request is not asked what it has as often as requests come. */
const doubtGapMs = 1_000;

/** Where several offer the same model: the one that serves many at once first. */
const preference = ["vllm", "ollama", "lm-studio"];

const rankOf = ({ engine }: Inspected): number => {
  const rank = preference.indexOf(engine.type);
  return rank < 0 ? preference.length : rank;
};

/** Offers by model name, each list in order of preference; engines of one rank keep the order they came in. */
export function mergeOffers(inspected: readonly Inspected[]): Map<string, Offer[]> {
  const offers = inspected
    .toSorted((left, right) => rankOf(left) - rankOf(right))
    .flatMap(({ engine, models }) => models.map((model): Offer => ({ engine, model })));
  return Map.groupBy(offers, ({ model }) => model.name);
}

/** True where the ticket's digest and the engine's do not contradict each other; either may say nothing. */
export const fitsDigest = ({ model }: Offer, digest: string | undefined): boolean =>
  digest === undefined || model.digest === undefined || model.digest === digest;

export interface Catalogue {
  /** Each model once, as its preferred engine describes it. */
  models(): Model[];
  engines(): Engine[];
  /** The engines' part of a snapshot. */
  described(): NodeSnapshot["engines"];
  offersOf(model: string): readonly Offer[];
  /** Asks all engines. Never rejects but with the reason of `signal`: an engine that is away offers nothing. */
  refresh(signal: AbortSignal): Promise<void>;
  /** An engine failed: look again now, or within a second of the last doubt, not in three minutes. */
  doubt(): void;
  /** Refreshes until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface CatalogueParts {
  engines: readonly Engine[];
  clock: Clock;
  random: Random;
  log: Log;
  refreshMs: number;
  onChange: () => void;
}

export function createCatalogue(parts: CatalogueParts): Catalogue {
  const { clock, random, log, refreshMs, onChange } = parts;
  let inspected: Inspected[] = [];
  let offers = new Map<string, Offer[]>();
  let announced = "";
  let loop: Loop | undefined;
  let rest: Timer | undefined;
  let isDoubted = false;

  async function inspect(engine: Engine, signal: AbortSignal): Promise<Inspected | undefined> {
    try {
      return { engine, ...(await engine.inspect(signal)) };
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ engine: engine.type, origin: engine.origin, err: error }, "engine is away");
      return undefined;
    }
  }

  async function refresh(signal: AbortSignal) {
    const answers = await Promise.all(parts.engines.map((engine) => inspect(engine, signal)));
    inspected = answers.filter((answer) => answer !== undefined);
    offers = mergeOffers(inspected);
    const slots = inspected.map(({ engine }) => engine.slots);
    const before = announced;
    announced = JSON.stringify([described(), models(), slots]);
    if (announced !== before) onChange();
  }

  function doubt() {
    isDoubted = rest !== undefined;
    if (rest) return;
    rest = clock.timer(doubtGapMs, () => {
      rest = undefined;
      if (isDoubted) doubt();
    });
    loop?.wake();
  }

  const models = () =>
    [...offers.values()].map(([offer]) => offer!.model).slice(0, limits.modelsPerNode);
  const described = () =>
    inspected
      .slice(0, limits.enginesPerNode)
      .map(({ engine, version }) => ({ type: engine.type, version, port: portOf(engine) }));

  return {
    models,
    engines: () => inspected.filter(({ models }) => models.length > 0).map(({ engine }) => engine),
    described,
    offersOf: (model) => offers.get(model) ?? [],
    refresh,
    doubt,
    run(signal) {
      let isFirst = true;
      loop = startLoop({
        clock,
        random,
        signal,
        backoff: { firstMs: refreshMs, ceilingMs: refreshMs },
        round: async () => {
          // Whoever starts the loop has just refreshed.
          if (!isFirst) await refresh(signal);
          isFirst = false;
          return refreshMs;
        },
        onFailure: (error) => log.error({ err: error }, "catalogue"),
      });
      return loop.ended;
    },
  };
}

function portOf({ origin }: Engine): number {
  const { port, protocol } = new URL(origin);
  return port ? Number(port) : protocol === "https:" ? 443 : 80;
}
