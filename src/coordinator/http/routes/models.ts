/** `GET /v1/models`: what is on offer, in the shape of OpenAI's list. Public. */
import { modelsAnswer } from "../../../protocol/offers.ts";
import type { OfferedModel } from "../../../protocol/node.ts";
import { parseRates } from "../../../protocol/price.ts";
import type { App, Services } from "../services.ts";

export function modelsRoute(app: App, { registry, startedAt }: Services): void {
  app.get(
    "/v1/models",
    { schema: { summary: "Models on offer", response: { 200: modelsAnswer } } },
    async () => {
      const { nodes } = await registry.list();
      const offers = Map.groupBy(
        nodes.flatMap(({ peer }) => peer.models),
        ({ name }) => name,
      );
      const data = [...offers].map(([id, models]) => ({
        id,
        object: "model" as const,
        created: Math.floor(startedAt / 1_000),
        owned_by: "monkey-troop",
        context_length: longestContext(models),
        troop: { nodes: models.length, price: cheapest(models).price },
      }));
      return {
        object: "list" as const,
        data: data.toSorted((left, right) => (left.id < right.id ? -1 : 1)),
      };
    },
  );
}

function longestContext(models: readonly OfferedModel[]): number | null {
  const longest = Math.max(0, ...models.map((model) => model.context_length ?? 0));
  return longest || null;
}

const cheapest = (models: readonly OfferedModel[]): OfferedModel =>
  models.reduce((best, model) =>
    parseRates(model.price).perSecond < parseRates(best.price).perSecond ? model : best,
  );
