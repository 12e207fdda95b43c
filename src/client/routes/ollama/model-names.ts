/** Finds the model that a request of Ollama's API means, without waiting where the list at hand tells. */
import type { Peer } from "../../../protocol/node.ts";
import type { ModelLists } from "../../dialects/ollama/model-card.ts";
import { ollamaModelName } from "../../dialects/ollama/model-name.ts";
import { listedPeers } from "../../listed-peers.ts";
import type { Peers } from "../../peers.ts";
import type { Wanted } from "../../read-request.ts";
import { isChoiceName } from "../../routing/model-choice.ts";

export interface NamingParts {
  peers: Peers;
  modelLists: ModelLists;
}

const nameAmong = (peers: readonly Peer[], modelLists: ModelLists, asked: string) =>
  ollamaModelName(
    asked,
    (name) =>
      isChoiceName(name) ||
      modelLists.has(name) ||
      peers.some(({ models }) => models.some((model) => model.name === name)),
  );

const findModelName = async ({ peers, modelLists }: NamingParts, asked: string) =>
  nameAmong(peers.known(), modelLists, asked) ??
  nameAmong(await listedPeers(peers), modelLists, asked);

/** What it was called while somebody offered it. */
const formerName = ({ peers }: NamingParts, asked: string): string =>
  ollamaModelName(asked, peers.isGone) ?? asked;

/** @throws TroopError where nobody offers it, or there is no list to look into */
export async function offeredName(parts: NamingParts, asked: string): Promise<string> {
  const found = await findModelName(parts, asked);
  if (found !== undefined) return found;
  throw parts.peers.notOffered(formerName(parts, asked));
}

/** Whoever answers the request will say that a model is not there. */
export const modelNameFor = async (parts: NamingParts, asked: string): Promise<string> =>
  (await findModelName(parts, asked).catch(() => undefined)) ?? formerName(parts, asked);

/**
 * What an answer calls its model: as the application did, tag or none, but for a name that stood for several.
 * @param found the name that was asked for on its behalf
 */
export const toldName = (asked: string, found: string, wanted: Pick<Wanted, "model">): string =>
  wanted.model === found ? asked : wanted.model;
