/** Which models the engines offer now, and which engine serves a model. */
import { boundedMap } from "../base/bounded-map.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { type Loop, startLoop } from "../base/loop.ts";
import type { Random } from "../base/random.ts";
import type { Log } from "../host/log.ts";
import { limits } from "../protocol/limits.ts";
import type { Model, NodeSnapshot } from "../protocol/node.ts";
import {
  type CataloguePolicy,
  describedModels,
  type Inspected,
  mergeOffers,
  type Offer,
  type OfferMap,
  offersUnder,
  usualPolicy,
} from "./catalogue-offers.ts";
import { createDoubts } from "./doubts.ts";
import type { Engine } from "./engines/engine.ts";
import { healthOf } from "./no-work/engine-health.ts";
import type { EngineHealth } from "./no-work/why-no-work.ts";

/** An engine that fails each request is not asked what it has as often as requests come. */
const doubtGapMs = 1_000;
/** One that has gone is asked again soon, then ever less often. */
const awayGapMs = 5_000;

/** One engine, for the owner's eyes. */
export interface EngineReport {
  type: string;
  version: string;
  origin: string;
  slots: number;
  /** `behind`: the engine that is asked first, where it is another. */
  models: (Model & { behind?: string })[];
}

export interface Catalogue {
  /** Each name once, as its preferred engine describes it. */
  models(): Model[];
  /** Engines that something would be asked of now. */
  engines(): Engine[];
  /** The engines' part of a snapshot. */
  described(): NodeSnapshot["engines"];
  inventory(): EngineReport[];
  /** Of every engine that is known, those that are away too. */
  health(): EngineHealth[];
  /** Best first. */
  offersOf(model: string): readonly Offer[];
  /** Asks all engines. Never rejects but with the reason of `signal`: an engine that is away offers nothing. */
  refresh(signal: AbortSignal): Promise<void>;
  /**
   * An engine failed: look again now, or within a second of the last doubt, not in three minutes.
   * @param witness whose request it was, where the engine was there to refuse it
   */
  doubt(engine: Engine, witness?: string): void;
  /** An engine answered as it should. */
  trust(engine: Engine): void;
  /** Refreshes until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface CatalogueParts {
  engines: readonly Engine[];
  /** Engines that were started since; asked for as often as engines are refreshed. */
  discover?: ((known: readonly Engine[], signal: AbortSignal) => Promise<Engine[]>) | undefined;
  policy?: CataloguePolicy | undefined;
  /** Larger models are not offered; what an engine gives no size of is. */
  bytesMost?: number | undefined;
  clock: Clock;
  random: Random;
  log: Log;
  refreshMs: number;
  onChange: () => void;
}

export function createCatalogue(parts: CatalogueParts): Catalogue {
  const { clock, random, log, refreshMs, onChange, policy = usualPolicy, bytesMost } = parts;
  const known = [...parts.engines];
  const awaySince = new Map<Engine, number>();
  const doubts = createDoubts(clock);
  let inspected: Inspected[] = [];
  let offers: OfferMap = new Map();
  /** What was asked for since: to find out whether names mean the same takes longer than to remember. */
  let found = boundedMap<string, readonly Offer[]>(limits.modelsPerNode);
  let models: Model[] = [];
  let announced = "";
  let discoveredAt = clock.monotonic();
  let loop: Loop | undefined;
  let rest: Timer | undefined;
  let isDoubted = false;

  const present = () =>
    inspected.slice(0, limits.enginesPerNode).map(({ engine, version }) => ({ engine, version }));
  const described = () =>
    present().map(({ engine, version }) => ({ type: engine.type, version, port: portOf(engine) }));

  async function inspect(engine: Engine, signal: AbortSignal): Promise<Inspected | undefined> {
    try {
      const { version, models: all } = await engine.inspect(signal);
      // It was started anew: what its predecessor did is forgotten.
      if (awaySince.delete(engine)) doubts.forget(engine);
      const fitting = all.filter(({ size_bytes = 0 }) => size_bytes <= (bytesMost ?? Infinity));
      return { engine, version, models: fitting, tooLarge: all.length - fitting.length };
    } catch (error) {
      signal.throwIfAborted();
      if (awaySince.has(engine)) return undefined;
      awaySince.set(engine, clock.monotonic());
      log.warn({ engine: engine.type, origin: engine.origin, err: error }, "engine is away");
      return undefined;
    }
  }

  async function discover(signal: AbortSignal) {
    if (!parts.discover || clock.monotonic() - discoveredAt < refreshMs) return;
    discoveredAt = clock.monotonic();
    known.push(...(await parts.discover(known, signal)));
  }

  async function refresh(signal: AbortSignal) {
    await discover(signal);
    const answers = await Promise.all(known.map((engine) => inspect(engine, signal)));
    inspected = answers.filter((answer) => answer !== undefined);
    compose();
  }

  function compose() {
    offers = mergeOffers(
      inspected.filter(({ engine }) => !doubts.isFailing(engine)),
      policy,
    );
    found = boundedMap(limits.modelsPerNode);
    models = describedModels(offers).slice(0, limits.modelsPerNode);
    const slots = inspected.map(({ engine }) => engine.slots);
    const before = announced;
    announced = JSON.stringify([described(), models, slots]);
    if (announced !== before) onChange();
  }

  function lookAgain() {
    isDoubted = rest !== undefined;
    if (rest) return;
    rest = clock.timer(doubtGapMs, () => {
      rest = undefined;
      if (isDoubted) lookAgain();
    });
    loop?.wake();
  }

  /** Milliseconds until engines are asked again. */
  function gapMs(): number {
    const gaps = [...awaySince.values()].map((since) => clock.monotonic() - since);
    return Math.min(refreshMs, ...gaps.map((gap) => Math.max(awayGapMs, gap)));
  }

  return {
    models: () => models,
    engines: () => [...new Set([...offers.values()].flat().map(({ engine }) => engine))],
    described,
    inventory: () =>
      present().map(({ engine, version }) => ({
        ...{ type: engine.type, version, origin: engine.origin, slots: engine.slots },
        models: [...offers.values()].flatMap((group) =>
          group
            .filter((offer) => offer.engine === engine)
            .map(({ model }) => {
              const [{ engine: first }] = group;
              return { ...model, ...(first === engine ? {} : { behind: first.type }) };
            }),
        ),
      })),
    health: () => healthOf({ known, inspected, offers, isFailing: doubts.isFailing }),
    offersOf(model) {
      const offered = found.get(model) ?? offersUnder(offers, model);
      if (!found.has(model)) found.set(model, offered);
      return offered;
    },
    refresh,
    doubt(engine, witness) {
      const restMs = doubts.add(engine, witness);
      if (restMs !== undefined) {
        log.warn({ engine: engine.type, origin: engine.origin }, "engine keeps failing");
        clock.timer(restMs, compose);
        compose();
      }
      lookAgain();
    },
    trust: doubts.forget,
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
          return gapMs();
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
