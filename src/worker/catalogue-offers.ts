/** Which engine offers what, under which names, and in which order they are asked. Pure. */
import { isSameModel, modelIdentity } from "../protocol/model-names.ts";
import type { Model } from "../protocol/node.ts";
import type { Engine, EngineSnapshot } from "./engines/engine.ts";

export interface Offer {
  engine: Engine;
  /** As it is offered. */
  model: Model;
  /** What the engine itself calls it. */
  ownName: string;
}

/** An engine that answered when it was last asked. */
export interface Inspected extends EngineSnapshot {
  engine: Engine;
  /** Models that it has beside these, larger than the owner allows; absent: none. */
  tooLarge?: number;
}

/** What the owner decided about engines and models. */
export interface CataloguePolicy {
  /** Engines' types, best first, where several offer a model; those that are not named come last. */
  order: readonly string[];
  /** Patterns of names that may be offered; none: all. `*` stands for anything, `?` for one character. */
  allow: readonly string[];
  /** Patterns of names that are never offered. */
  deny: readonly string[];
  /** An engine's own name → the name it is offered under instead. */
  aliases: ReadonlyMap<string, string>;
}

export const usualPolicy: CataloguePolicy = {
  order: ["vllm", "ollama", "lm-studio"],
  allow: [],
  deny: [],
  aliases: new Map(),
};

/** Offers of one model, best engine first. */
export type Offers = readonly [Offer, ...Offer[]];

/** By identity: names that stand for the same model lead to the same offers. */
export type OfferMap = ReadonlyMap<string, Offers>;

/** Names that no table knows are their own: the space keeps them apart from those that it knows. */
const keyOf = (name: string): string => modelIdentity(name) ?? ` ${name}`;

export const offersUnder = (offers: OfferMap, name: string): readonly Offer[] =>
  offers.get(keyOf(name)) ?? [];

/** A file's path would tell strangers about the owner's folders; its last part says as much of the model. */
function withoutFolders(name: string): string {
  const isPath = /^([/~\\.]|[a-z]:[\\/])/i.test(name) || /[\\/].*\.gguf$/i.test(name);
  return isPath ? (name.split(/[\\/]/).at(-1) ?? name) || name : name;
}

const offeredName = (ownName: string, { aliases }: CataloguePolicy): string =>
  aliases.get(ownName) ?? aliases.get(withoutFolders(ownName)) ?? withoutFolders(ownName);

const globOf = (pattern: string): RegExp => {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "is");
};

/** A pattern without wildcards is a name, and speaks of the model under its other names too. */
const fitsPattern = (pattern: string, name: string): boolean =>
  globOf(pattern).test(name) || isSameModel(pattern, name);

function isAllowed(names: readonly string[], { allow, deny }: CataloguePolicy): boolean {
  const fitsOne = (patterns: readonly string[]) =>
    patterns.some((pattern) => names.some((name) => fitsPattern(pattern, name)));
  return !fitsOne(deny) && (allow.length === 0 || fitsOne(allow));
}

/** All offers, each list best first; engines of one rank keep the order they came in. */
export function mergeOffers(
  inspected: readonly Inspected[],
  policy: CataloguePolicy = usualPolicy,
): OfferMap {
  const rankOf = ({ engine }: Inspected) => {
    const rank = policy.order.indexOf(engine.type);
    return rank < 0 ? policy.order.length : rank;
  };
  const offers = inspected
    .toSorted((left, right) => rankOf(left) - rankOf(right))
    .flatMap(({ engine, models }) =>
      models.map((model): Offer => {
        const name = offeredName(model.name, policy);
        return { engine, model: { ...model, name }, ownName: model.name };
      }),
    )
    .filter(({ model, ownName }) => isAllowed([model.name, ownName], policy));
  const groups = new Map<string, [Offer, ...Offer[]]>();
  for (const offer of offers) {
    const key = keyOf(offer.model.name);
    const group = groups.get(key);
    if (group) group.push(offer);
    else groups.set(key, [offer]);
  }
  return groups;
}

/** Every name on offer, once, each described as the engine that would be asked first describes its model. */
export function describedModels(offers: OfferMap): Model[] {
  return [...offers.values()].flatMap((group) => {
    const names = new Set(group.map(({ model }) => model.name));
    return [...names].map((name) => ({ ...group[0].model, name }));
  });
}

/** True where the ticket's digest and the engine's do not contradict each other; either may say nothing. */
export const fitsDigest = ({ model }: Offer, digest: string | undefined): boolean =>
  digest === undefined || model.digest === undefined || model.digest === digest;
