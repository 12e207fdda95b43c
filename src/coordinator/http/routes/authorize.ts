/** `POST /authorize`: a ticket. The first one also brings the account its starter credits. */
import { networkOf } from "../../../host/client-address.ts";
import { ticketGiven } from "../../audit/events.ts";
import { authorizeAnswer, authorizeRequest } from "../../../protocol/endpoints.ts";
import { callerOf } from "../audited.ts";
import type { App, Services } from "../services.ts";

export function authorizeRoute(
  app: App,
  { issuer, demand, callers, limiter, auditLog }: Services,
): void {
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
      const network = networkOf(request.source);
      demand.wish(network ?? account, request.body.model);
      const answer = await issuer.authorize(account, request.body, network);
      limiter.given(account, request.body.id);
      auditLog.record(ticketGiven(callerOf(request), answer, request.body.model));
      return answer;
    },
  );
}
