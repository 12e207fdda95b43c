/** Names by which a model is offered beside the one that was asked for. */
import { modelIdentity } from "../../protocol/model-names.ts";
import type { Peer } from "../../protocol/node.ts";

/** @returns all names in the list that certainly mean the model, its own among them where it is offered */
export type NamesOf = (list: readonly Peer[], model: string) => readonly string[];

/** What was made of a list is kept for as long as the list itself: thousands of requests ask the same. */
export function createNamesOf(): NamesOf {
  const known = new WeakMap<readonly Peer[], Map<string, Set<string>>>();
  return (list, model) => {
    const identity = modelIdentity(model);
    if (identity === undefined) return [];
    let byIdentity = known.get(list);
    if (!byIdentity) known.set(list, (byIdentity = byIdentityOf(list)));
    return [...(byIdentity.get(identity) ?? [])];
  };
}

function byIdentityOf(list: readonly Peer[]): Map<string, Set<string>> {
  const names = new Set(list.flatMap(({ models }) => models.map(({ name }) => name)));
  const found = new Map<string, Set<string>>();
  for (const name of names) {
    const identity = modelIdentity(name);
    if (identity === undefined) continue;
    const same = found.get(identity) ?? new Set();
    found.set(identity, same.add(name));
  }
  return found;
}
