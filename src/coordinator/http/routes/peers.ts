/** `GET /peers?model=`, also as `GET /nodes`: the nodes that may be used now. Addresses come with a ticket only. */
import { networkOf } from "../../../host/client-address.ts";
import { peersAnswer, peersQuery } from "../../../protocol/offers.ts";
import type { App, Services } from "../services.ts";

export function peersRoute(app: App, { registry, demand, callers }: Services): void {
  for (const path of ["/peers", "/nodes"]) {
    app.get(
      path,
      {
        schema: {
          summary: "Nodes on offer",
          querystring: peersQuery,
          response: { 200: peersAnswer },
        },
      },
      async (request) => {
        const reader = await callers.reader(request);
        const { model } = request.query;
        if (model !== undefined) demand.wish(networkOf(request.source) ?? reader, model);
        const listing = await registry.list(model);
        const nodes = listing.nodes.map(({ peer }) => peer);
        const complete = listing.isComplete ? {} : { complete: false as const };
        return { count: nodes.length, nodes, ...complete };
      },
    );
  }
}
