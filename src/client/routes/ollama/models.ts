/** What Ollama's API tells of models and of itself; what it does with models of one's own is not for a sidecar. */
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { Clock } from "../../../base/clock.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import { runningOf, shownModel, tagsOf } from "../../dialects/ollama/model-card.ts";
import { readBodyAs } from "../../dialects/ollama/read-body.ts";
import { readBody } from "../../http/exchange.ts";
import { listedPeers } from "../../listed-peers.ts";
import { modelsMeant } from "../../routing/model-choice.ts";
import { type NamingParts, offeredName } from "./model-names.ts";

/** The one whose API this is, thinking in levels and log probabilities included: applications want a least one. */
const ollamaVersion = "0.12.11";

const showSchema = z.object({ model: z.string().nullish(), name: z.string().nullish() });

export function ollamaModelRoutes(
  app: FastifyInstance,
  parts: NamingParts & { clock: Clock },
): void {
  const { peers, modelLists, clock } = parts;
  // Tools that look for an Ollama compare this sentence.
  app.get("/", (_request, reply) =>
    reply.type("text/plain; charset=utf-8").send("Ollama is running"),
  );
  app.get("/api/version", () => ({ version: ollamaVersion }));
  app.get("/api/tags", async () => tagsOf(await listedPeers(peers), modelLists));
  app.get("/api/ps", async () => runningOf(await listedPeers(peers), clock.now()));
  app.post("/api/show", async (request) => {
    const { fields } = readBodyAs(showSchema, readBody(request));
    const asked = fields.model || fields.name;
    if (!asked) throw new TroopError("invalid_value", "`model` is required.", { param: "model" });
    const name = await offeredName(parts, asked);
    const shown = shownModel(await listedPeers(peers), modelLists, name);
    if (!shown) throw peers.notOffered(name, modelsMeant(modelLists, name));
    return shown;
  });

  const refuse = () => {
    throw new TroopError(
      "not_implemented",
      "Models are kept by those who lend them: here none can be pulled, made, copied, pushed or deleted.",
    );
  };
  app.post("/api/pull", refuse);
  app.post("/api/push", refuse);
  app.post("/api/create", refuse);
  app.post("/api/copy", refuse);
  app.delete("/api/delete", refuse);
  app.head("/api/blobs/*", refuse);
  app.post("/api/blobs/*", refuse);
}
