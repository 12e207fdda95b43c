/** `POST /authorize`: a ticket. The first one also brings the account its starter credits. */
import { sourcePrefix } from "../../../host/source-prefix.ts";
import { authorizeAnswer, authorizeRequest } from "../../../protocol/endpoints.ts";
import type { App, Services } from "../services.ts";

export function authorizeRoute(app: App, { issuer, demand, callers }: Services): void {
  app.post(
    "/authorize",
    {
      schema: {
        summary: "Reserve a budget at a node and get a ticket for it",
        body: authorizeRequest,
        response: { 200: authorizeAnswer },
      },
    },
    async (request) => {
      const account = await callers.joiner(request);
      const prefix = sourcePrefix(request.ip);
      demand.wish(prefix ?? account, request.body.model);
      return issuer.authorize(account, request.body, prefix);
    },
  );
}
