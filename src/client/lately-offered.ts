/**
 * What a request is told for a model that nobody in reach offers. Applications stop at a 404 and ask again after a 503,
 * and a model's only node is away now and then: its engine failed, it proves its hardware, the coordinator begins anew
 * and hears of nodes with their next beats. So that there is no such model is said only where that is known.
 */
import { boundedMap } from "../base/bounded-map.ts";
import type { Clock } from "../base/clock.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { modelIdentity } from "../protocol/model-names.ts";
import type { Peer } from "../protocol/node.ts";

export interface LatelyOffered {
  /** Takes a list of nodes that has just come. @param complete false: nodes may be missing that are there */
  listed(peers: readonly Peer[], complete?: boolean): void;
  /** Somebody offered it a while ago and nobody does now. */
  isGone(model: string): boolean;
  /**
   * @param standsFor of a name that stands for several models
   * @returns `no_nodes_available` where it may come back, or nothing is known; else `model_not_found`
   */
  notOffered(model: string, standsFor?: readonly string[] | "any"): TroopError;
}

/** A machine restarts, a proof ends and a worker asks a failed engine again within that; who left for good is gone by then. */
const latelyMs = 600_000;
/** A list that is older could not be had anew: it does not show that nobody is there. */
const tellingMs = 60_000;
/** Names that are remembered; those on offer now are the last to be forgotten. */
const namesMost = 4_096;

/** One model has several names, and whoever asks by one is given another. */
const keyOf = (model: string) => modelIdentity(model) ?? model;

export const wentAway = (model: string, agoMs: number): TroopError =>
  new TroopError(
    "no_nodes_available",
    `Nobody in reach offers ${model} right now; it was on offer ${Math.max(1, Math.round(agoMs / 1_000))} s ago.`,
    { param: "model" },
  );

export function createLatelyOffered(clock: Pick<Clock, "monotonic">): LatelyOffered {
  /** When the last list came, how many models were in it, and whether more may be on offer. */
  let last = { at: -Infinity, models: 0, complete: false };
  /** The list that a model was in last. */
  const seen = boundedMap<string, { at: number }>(namesMost);

  /** ms; undefined where none of them is gone, or for too long. */
  function goneMs(models: readonly string[] | "any"): number | undefined {
    const found =
      models === "any"
        ? [...seen.values()]
        : models.flatMap((model) => seen.get(keyOf(model)) ?? []);
    const gone = found.filter((list) => list !== last);
    const agoMs = clock.monotonic() - Math.max(...gone.map(({ at }) => at));
    return agoMs <= latelyMs ? agoMs : undefined;
  }

  return {
    listed(peers, complete = true) {
      const names = new Set(peers.flatMap(({ models }) => models.map(({ name }) => name)));
      last = { at: clock.monotonic(), models: names.size, complete };
      for (const name of names) seen.set(keyOf(name), last);
    },
    isGone: (model) => goneMs([model]) !== undefined,
    notOffered(model, standsFor) {
      const agoMs = goneMs(standsFor ?? [model]);
      if (agoMs !== undefined) return wentAway(model, agoMs);
      const param = { param: "model" };
      const isOld = clock.monotonic() - last.at > tellingMs;
      if (isOld) return new TroopError("no_nodes_available", notKnown, param);
      if (last.models === 0) return new TroopError("no_nodes_available", nobodyAtAll, param);
      if (!last.complete) return new TroopError("no_nodes_available", notAllYet, param);
      return new TroopError("model_not_found", standsFor && noneOfSeveral, param);
    },
  };
}

const nobodyAtAll = "No node in reach offers anything right now.";
const notKnown = "Nodes cannot be listed right now, so that nobody is known to offer this model.";
const notAllYet =
  "Nobody is known to offer this model yet: the coordinator has just started, and hears of nodes within half a minute.";
const noneOfSeveral =
  "Nobody offers a model that this name stands for; `GET /v1/models` lists what there is.";
