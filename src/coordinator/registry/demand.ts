/**
 * What people ask for, so that those who donate know what to offer: by model how many accounts asked within a day.
 * It is a hint and no account of anything: kept in memory, of this process alone, and gone with it.
 */
import { boundedMap, type BoundedMap } from "../../base/bounded-map.ts";
import type { Clock } from "../../base/clock.ts";

export interface WantedModel {
  model: string;
  /** Accounts that asked within a day; at most `requestersMost`. */
  requesters: number;
  /** Of the latest wish, coordinator time in ms. */
  askedAt: number;
}

export interface Demand {
  /** Somebody would use this model. A name that no engine would give a model is passed over: others get to read it. */
  wish(account: string, model: string): void;
  /** Most wanted first. */
  wanted(): WantedModel[];
}

const dayMs = 86_400_000;
/** Whoever makes names up pushes out the oldest, and no more. */
const modelsMost = 500;
const requestersMost = 100;
const modelName = /^[A-Za-z0-9][A-Za-z0-9._:/@+-]*$/;

export function createDemand({ clock }: { clock: Clock }): Demand {
  const wishes = boundedMap<string, BoundedMap<string, number>>(modelsMost);
  return {
    wish(account, model) {
      if (!modelName.test(model)) return;
      const askers = wishes.get(model) ?? boundedMap<string, number>(requestersMost);
      askers.set(account, clock.now());
      wishes.set(model, askers);
    },
    wanted() {
      const since = clock.now() - dayMs;
      const all = [...wishes.entries()].map(([model, askers]) => {
        const recent = [...askers.values()].filter((askedAt) => askedAt > since);
        return { model, requesters: recent.length, askedAt: Math.max(0, ...recent) };
      });
      return all
        .filter(({ requesters }) => requesters > 0)
        .toSorted((left, right) => right.requesters - left.requesters || compare(left, right));
    },
  };
}

const compare = (left: WantedModel, right: WantedModel) => (left.model < right.model ? -1 : 1);
