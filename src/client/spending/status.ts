/** Where credits went: in the last hour and the last 24, by key and by model, and what the caps leave. */
import { formatCredits, type Micro } from "../../protocol/credits.ts";
import { type Caps, firstMinute, type Window } from "./caps.ts";
import type { ApplicationKey } from "./keys-store.ts";
import type { Share, SpendingStore } from "./spending-store.ts";

/** Credits. */
export interface Standing {
  /** With what is set aside for answers that run. */
  spent: string;
  /** Both null where there is none. */
  cap: string | null;
  left: string | null;
}

export interface SpendingStatus {
  hour: Standing;
  day: Standing;
  /** Part of `spent`: for answers that run. */
  running: string;
  /** By name; null stands for requests without a named key. */
  keys: { name: string | null; hour: Standing; day: Standing }[];
  models: { model: string; hour: string; day: string }[];
}

export interface SpendingFacts {
  store: Pick<SpendingStore, "shares" | "running">;
  keys: readonly ApplicationKey[];
  caps: Caps;
  now: number;
}

const total = (shares: readonly Share[]): Micro =>
  shares.reduce((sum, { micro }) => sum + micro, 0n);

function standing(spent: Micro, cap: Micro | undefined): Standing {
  if (cap === undefined) return { spent: formatCredits(spent), cap: null, left: null };
  const left = cap > spent ? cap - spent : 0n;
  return { spent: formatCredits(spent), cap: formatCredits(cap), left: formatCredits(left) };
}

export function readSpending({ store, keys, caps, now }: SpendingFacts): SpendingStatus {
  const sharesIn = (window: Window) => store.shares(firstMinute(now, window));
  const [hour, day] = [sharesIn("hourly"), sharesIn("daily")];
  const capsOf = new Map(keys.map((key) => [key.name, key.caps]));
  const names = new Set([...capsOf.keys(), ...day.map(({ application }) => application)]);
  const models = new Set(day.map(({ model }) => model));
  const both = (isOne: (share: Share) => boolean, of?: Caps) => ({
    hour: standing(total(hour.filter(isOne)), of?.hourly),
    day: standing(total(day.filter(isOne)), of?.daily),
  });
  return {
    ...both(() => true, caps),
    running: formatCredits(store.running()),
    keys: [...names].toSorted().map((name) => ({
      name: name === "" ? null : name,
      ...both(({ application }) => application === name, capsOf.get(name)),
    })),
    models: [...models].toSorted().map((model) => {
      const { hour, day } = both((share) => share.model === model);
      return { model, hour: hour.spent, day: day.spent };
    }),
  };
}
