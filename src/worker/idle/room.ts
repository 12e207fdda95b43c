/**
 * Makes room for the owner: ends what runs, or lets it end, and takes models out of memory, but only those that came into
 * it through us. What the owner had loaded stays loaded.
 */
import type { Log } from "../../host/log.ts";
import type { Offer } from "../catalogue-offers.ts";
import type { Yield } from "./settings.ts";

export interface Room {
  /** A request begins. `stop` is called when it must end, at once where it must now. @returns how to say that it ended */
  enter(stop: () => void): () => void;
  /** An engine is about to be asked for a model. */
  note(offer: Offer): void;
  /** The catalogue changed: models that the engines dropped by themselves are none of ours any more. */
  review(offersOf: (model: string) => readonly Offer[]): void;
  /** Whether the owner needs the machine now. */
  need(isNeeded: boolean): void;
  /** Takes out of memory what came into it through us, where nothing runs. */
  empty(): Promise<void>;
}

export interface RoomParts {
  yield: Yield;
  /** Takes one model out of its engine's memory. */
  unload: (offer: Offer) => Promise<void>;
  /** Models were unloaded. */
  onUnloaded: () => void;
  log: Log;
}

const keyOf = ({ engine, ownName }: Offer) => `${engine.origin}${engine.basePath ?? ""} ${ownName}`;

export function createRoom({ yield: how, unload, onUnloaded, log }: RoomParts): Room {
  const running = new Set<() => void>();
  const loadedByUs = new Map<string, Offer>();
  let isNeeded = false;

  async function unloadAll() {
    const offers = [...loadedByUs.values()];
    if (offers.length === 0) return;
    loadedByUs.clear();
    const results = await Promise.allSettled(offers.map(unload));
    for (const [index, result] of results.entries()) {
      if (result.status === "fulfilled") continue;
      log.warn({ err: result.reason }, "a model stays loaded");
      // Still ours: tried again when the owner comes back the next time.
      const offer = offers[index]!;
      loadedByUs.set(keyOf(offer), offer);
    }
    onUnloaded();
  }
  const tidy = () => {
    if (isNeeded && running.size === 0) void unloadAll();
  };

  return {
    enter(stop) {
      running.add(stop);
      if (isNeeded && how === "stop") stop();
      return () => {
        if (running.delete(stop)) tidy();
      };
    },
    note(offer) {
      if (!offer.model.loaded) loadedByUs.set(keyOf(offer), offer);
    },
    review(offersOf) {
      // While requests run, a model may still be on its way into memory.
      if (running.size > 0) return;
      for (const [key, { model }] of loadedByUs) {
        const now = offersOf(model.name).find((offer) => keyOf(offer) === key);
        if (now && !now.model.loaded) loadedByUs.delete(key);
      }
    },
    async empty() {
      if (running.size === 0) await unloadAll();
    },
    need(now) {
      if (now === isNeeded) return;
      isNeeded = now;
      if (!isNeeded) return;
      if (how === "stop") for (const stop of [...running]) stop();
      tidy();
    },
  };
}
