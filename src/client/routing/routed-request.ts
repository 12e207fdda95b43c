/**
 * Where a request may go: its own `troop` member over the settings, and a model for a name that stands for several, or
 * that is one of several for the same.
 */
import { inferenceRoutes } from "../../protocol/chat.ts";
import type { Peers } from "../peers.ts";
import type { ReadRequest } from "../read-request.ts";
import { chooseModel, chooseOfList, isChoiceName } from "./model-choice.ts";
import type { NodeFinder } from "./node-finder.ts";
import { type Preferences, readPreferences } from "./preferences.ts";

export interface RoutedRequestParts {
  readRequest: ReadRequest;
  finder: Pick<NodeFinder, "namesOf" | "offers" | "workOf">;
  peers: Pick<Peers, "notOffered">;
  /** The requester's settings. */
  preferences: Preferences;
  /** Names of their own: each for models in the order in which they are wanted. */
  modelLists: ReadonlyMap<string, readonly string[]>;
}

/** Reads like `readRequest`; besides @throws TroopError for a name that stands for nothing now */
export function createRoutedRequest(parts: RoutedRequestParts): ReadRequest {
  const { readRequest, finder, peers, modelLists } = parts;
  return async (path, body, signal, application) => {
    const { troop, rest } = withoutTroop(body);
    const preferences = readPreferences(troop, parts.preferences);
    const wanted = { ...(await readRequest(path, rest, signal, application)), preferences };
    const { model } = wanted;
    const list = modelLists.get(model);
    const isOne = list === undefined && !isChoiceName(model);
    const among = isOne ? await finder.namesOf(model) : undefined;
    signal.throwIfAborted();
    // Mostly a model has one name, or none that is offered, which is for others to say.
    if (among?.every((name) => name === model)) return wanted;
    const work = finder.workOf(wanted.fields);
    const { capability } = inferenceRoutes[path];
    const offers = await finder.offers({
      ...{ capability, preferences, ...work },
      ...(among ? { among } : {}),
    });
    signal.throwIfAborted();
    const chosen = isChoiceName(model)
      ? chooseModel(model, offers, work.requirements, preferences)
      : chooseOfList(list ?? [model], offers, preferences);
    if (chosen) return { ...wanted, model: chosen };
    if (isOne) return wanted;
    throw peers.notOffered(model, list ?? "any");
  };
}

function withoutTroop(body: unknown): { troop: unknown; rest: unknown } {
  if (typeof body !== "object" || body === null || !Object.hasOwn(body, "troop"))
    return { troop: undefined, rest: body };
  const { troop, ...rest } = body as Record<string, unknown>;
  return { troop, rest };
}
