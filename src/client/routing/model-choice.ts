/**
 * Names that stand for several models: `troop/auto`, `troop/fast`, `troop/large`, and a requester's own lists. Which
 * model answers is decided anew with each request, by what can be had. Pure.
 */
import { isSameModel } from "../../protocol/model-names.ts";
import type { Capability } from "../../protocol/node.ts";
import type { Requirements } from "./choose-node.ts";
import { narrowed } from "./narrowed.ts";
import { hasWanted, type Preferences } from "./preferences.ts";

/** A model that somebody offers. */
export interface ModelOffer {
  model: string;
  /** Parameters, in thousands of millions; 0 where neither name nor size tells. */
  billions: number;
  capabilities: readonly Capability[];
  quantizations: readonly string[];
  /** Of the node with the longest; undefined where none says. */
  contextLength: number | undefined;
  /** At a node that has room and did not fail a moment ago. */
  isReady: boolean;
  /** Until the whole answer, at the best of its nodes. */
  expectedMs: number;
}

/** What the names stand for, as a list of models shows it. */
export const choiceNames = {
  "troop/auto": "the largest model whose answer is expected within twenty seconds",
  "troop/fast": "the model whose answer is expected soonest",
  "troop/large": "the largest model",
} as const;
export type ChoiceName = keyof typeof choiceNames;

export const isChoiceName = (name: string): name is ChoiceName => Object.hasOwn(choiceNames, name);

/** Models that a name stands for; undefined where it is a model's own. */
export const modelsMeant = (
  lists: ReadonlyMap<string, readonly string[]>,
  name: string,
): readonly string[] | "any" | undefined =>
  lists.get(name) ?? (isChoiceName(name) ? "any" : undefined);

const patienceMs = 20_000;

/**
 * @param offers of all models that can do what the route is for
 * @returns undefined where nobody offers any
 */
export function chooseModel(
  name: ChoiceName,
  offers: readonly ModelOffer[],
  requirements: Requirements,
  preferences: Preferences,
): string | undefined {
  const fitting = preferred(offers, requirements, preferences);
  const fastest = least(fitting, ({ expectedMs }) => expectedMs);
  const largest = (of: readonly ModelOffer[]) => least(of, ({ billions }) => -billions);
  switch (name) {
    case "troop/fast":
      return fastest?.model;
    case "troop/large":
      return largest(fitting)?.model;
    case "troop/auto":
      return (largest(fitting.filter(({ expectedMs }) => expectedMs <= patienceMs)) ?? fastest)
        ?.model;
    default:
      return name satisfies never;
  }
}

/**
 * The first of a list that can be had at once, else the first that is offered at all. A model that has other names too
 * is taken by one of those where its own will not do.
 */
export function chooseOfList(
  list: readonly string[],
  offers: readonly ModelOffer[],
  preferences: Preferences,
): string | undefined {
  const offered = list.flatMap((name) => {
    const same = offers.filter(({ model }) => isSameModel(model, name));
    const ownFirst = same.toSorted(
      (left, right) => +(right.model === name) - +(left.model === name),
    );
    return narrowed(ownFirst, [({ quantizations }) => hasWanted(preferences, quantizations)]);
  });
  return narrowed(offered, [({ isReady }) => isReady])[0]?.model;
}

function preferred(
  offers: readonly ModelOffer[],
  { capabilities, contextTokens }: Requirements,
  preferences: Preferences,
) {
  const rules: ((offer: ModelOffer) => boolean)[] = [
    ...capabilities.map((wanted) => (offer: ModelOffer) => offer.capabilities.includes(wanted)),
    ({ contextLength = Infinity }) => contextLength >= contextTokens,
    ({ quantizations }) => hasWanted(preferences, quantizations),
    ({ isReady }) => isReady,
  ];
  return narrowed(offers, rules);
}

/** By name where several are alike, so that the same question gets the same model. */
function least(offers: readonly ModelOffer[], measure: (offer: ModelOffer) => number) {
  return offers.toSorted(
    (left, right) => measure(left) - measure(right) || (left.model < right.model ? -1 : 1),
  )[0];
}

/** `70b` in a name, `30b-a3b` too; else what its file weighs at about five bits a parameter. */
export function billionsOf(name: string, sizeBytes: number | undefined): number {
  const [, number, unit] = /(?:^|[^a-z0-9.])(\d+(?:\.\d+)?)([bm])(?![a-z0-9])/i.exec(name) ?? [];
  if (number) return Number(number) / (unit!.toLowerCase() === "b" ? 1 : 1_000);
  return sizeBytes === undefined ? 0 : sizeBytes / bytesPerBillion;
}

const bytesPerBillion = 0.6e9;
