/** `GET /peers?model=`, also as `GET /nodes`: the nodes that may be used now. Addresses come with a ticket only. */
import { peersAnswer, peersQuery } from "../../../protocol/endpoints.ts";
import type { App, Services } from "../services.ts";

export function peersRoute(app: App, { registry, callers }: Services): void {
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
        await callers.reader(request);
        const listing = await registry.list(request.query.model);
        const nodes = listing.nodes.map(({ peer }) => peer);
        return { count: nodes.length, nodes };
      },
    );
  }
}
