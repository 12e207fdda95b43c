/**
 * What people ask for, so that those who donate know what to offer: by model how many accounts asked within a day.
 * It is a hint and no account of anything: kept in memory, of this process alone, and gone with it.
 */
import { boundedMap, type BoundedMap } from "../../base/bounded-map.ts";
import type { Clock } from "../../base/clock.ts";

export interface WantedModel {
  model: string;
  /** Who asked within a day; at most `requestersMost`. */
  requesters: number;
  /** Of the latest wish, coordinator time in ms. */
  askedAt: number;
}

export interface Demand {
  /**
   * Somebody would use this model. A name that no engine would give a model is passed over: others get to read it.
   * @param who the network that asks, since accounts cost nothing to make; within a private one the account
   */
  wish(who: string, model: string): void;
  /** Most wanted first. */
  wanted(): WantedModel[];
}

const dayMs = 86_400_000;
/** Names that one of them may bring up within a day: enough to look for a model, and not to fill the list with. */
const namesEach = 20;
const modelsMost = 500;
const askersMost = 10_000;
const requestersMost = 100;
const modelName = /^[A-Za-z0-9][A-Za-z0-9._:/@+-]*$/;

export function createDemand({ clock }: { clock: Clock }): Demand {
  const wishes = boundedMap<string, BoundedMap<string, number>>(modelsMost);
  const namesOf = boundedMap<string, { since: number; names: Set<string> }>(askersMost);

  function mayName(who: string, model: string): boolean {
    const before = namesOf.get(who);
    const isOld = !before || clock.now() - before.since >= dayMs;
    const asked = isOld ? { since: clock.now(), names: new Set<string>() } : before;
    if (isOld) namesOf.set(who, asked);
    if (asked.names.size >= namesEach && !asked.names.has(model)) return false;
    asked.names.add(model);
    return true;
  }

  return {
    wish(who, model) {
      if (!modelName.test(model) || !mayName(who, model)) return;
      const askers = wishes.get(model) ?? boundedMap<string, number>(requestersMost);
      askers.set(who, clock.now());
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
