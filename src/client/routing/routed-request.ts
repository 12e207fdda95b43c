/** Where a request may go: its own `troop` member over the settings, and a model for a name that stands for several. */
import { TroopError } from "../../protocol/error-codes.ts";
import { inferenceRoutes } from "../../protocol/chat.ts";
import type { ReadRequest } from "../read-request.ts";
import { chooseModel, chooseOfList, isChoiceName } from "./model-choice.ts";
import type { NodeFinder } from "./node-finder.ts";
import { type Preferences, readPreferences } from "./preferences.ts";

export interface RoutedRequestParts {
  readRequest: ReadRequest;
  finder: Pick<NodeFinder, "offers" | "workOf">;
  /** The requester's settings. */
  preferences: Preferences;
  /** Names of their own: each for models in the order in which they are wanted. */
  modelLists: ReadonlyMap<string, readonly string[]>;
}

/** Reads like `readRequest`; besides @throws TroopError `model_not_found` for a name that stands for nothing now */
export function createRoutedRequest(parts: RoutedRequestParts): ReadRequest {
  const { readRequest, finder, modelLists } = parts;
  return async (path, body, signal, application) => {
    const { troop, rest } = withoutTroop(body);
    const preferences = readPreferences(troop, parts.preferences);
    const wanted = { ...(await readRequest(path, rest, signal, application)), preferences };
    const list = modelLists.get(wanted.model);
    if (!list && !isChoiceName(wanted.model)) return wanted;
    const work = finder.workOf(wanted.fields);
    const { capability } = inferenceRoutes[path];
    const offers = await finder.offers({ capability, preferences, ...work });
    signal.throwIfAborted();
    const model = list
      ? chooseOfList(list, offers)
      : isChoiceName(wanted.model) && chooseModel(wanted.model, offers, work.requirements);
    if (!model) throw new TroopError("model_not_found", nobody, { param: "model" });
    return { ...wanted, model };
  };
}

const nobody =
  "Nobody offers a model that this name stands for; `GET /v1/models` lists what there is.";

function withoutTroop(body: unknown): { troop: unknown; rest: unknown } {
  if (typeof body !== "object" || body === null || !Object.hasOwn(body, "troop"))
    return { troop: undefined, rest: body };
  const { troop, ...rest } = body as Record<string, unknown>;
  return { troop, rest };
}
