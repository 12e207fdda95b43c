/** Finds the model that a request of Ollama's API means, without waiting where the list at hand tells. */
import { ollamaModelName } from "../../dialects/ollama/model-name.ts";
import { listedPeers } from "../../listed-peers.ts";
import type { Peers } from "../../peers.ts";
import type { Peer } from "../../../protocol/node.ts";

const nameAmong = (peers: readonly Peer[], asked: string) =>
  ollamaModelName(asked, (name) =>
    peers.some(({ models }) => models.some((model) => model.name === name)),
  );

/** Undefined where nobody offers it. @throws TroopError where there is no list to look into */
export const findModelName = async (peers: Peers, asked: string): Promise<string | undefined> =>
  nameAmong(peers.known(), asked) ?? nameAmong(await listedPeers(peers), asked);

/** Whoever answers the request will say that a model is not there. */
export const modelNameFor = async (peers: Peers, asked: string): Promise<string> =>
  (await findModelName(peers, asked).catch(() => undefined)) ?? asked;
