/** `GET /demand`: what people asked for within a day, and how many nodes offer it now. For those who decide what to offer. */
import { demandAnswer } from "../../../protocol/offers.ts";
import { limits } from "../../../protocol/limits.ts";
import type { App, Services } from "../services.ts";

export function demandRoute(app: App, { registry, demand, callers }: Services): void {
  app.get(
    "/demand",
    {
      schema: {
        summary: "Models that were asked for within a day",
        response: { 200: demandAnswer },
      },
    },
    async (request) => {
      await callers.reader(request);
      const { nodes } = await registry.list();
      const offers = nodes.flatMap(({ snapshot }) => snapshot.models.map(({ name }) => name));
      const models = demand.wanted().slice(0, limits.pageMost);
      return {
        models: models.map(({ model, requesters, askedAt }) => ({
          ...{ model, requesters, asked_at: askedAt },
          nodes: offers.filter((name) => name === model).length,
        })),
      };
    },
  );
}
