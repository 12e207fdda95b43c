/** `GET /v1/models` and `GET /v1/models/{id}`; an id may contain `:` and `/`, encoded or not. */
import type { FastifyInstance } from "fastify";
import { listedPeers } from "../listed-peers.ts";
import { listChoices, listModels } from "../model-list.ts";
import type { Peers } from "../peers.ts";
import { modelsMeant } from "../routing/model-choice.ts";

interface ModelsParts {
  peers: Peers;
  /** Names of the requester's own that stand for several models. */
  modelLists: ReadonlyMap<string, readonly string[]>;
}

export function modelsRoutes(app: FastifyInstance, { peers, modelLists }: ModelsParts): void {
  const models = async () => {
    const listed = listModels(await listedPeers(peers));
    return [...listed, ...listChoices(listed, modelLists)];
  };

  app.get("/v1/models", async () => {
    const data = await models();
    return {
      object: "list",
      data,
      has_more: false,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
    };
  });

  app.get<{ Params: { "*": string } }>("/v1/models/*", async ({ params }) => {
    const id = params["*"];
    const model = (await models()).find((listed) => listed.id === id);
    if (!model) throw peers.notOffered(id, modelsMeant(modelLists, id));
    return model;
  });
}
