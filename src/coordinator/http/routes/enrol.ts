/** `POST /nodes`: binds the node that proved the call to the account that signed its enrolment. */
import { formatMultiplier } from "../../../protocol/credits.ts";
import { enrolNodeAnswer, enrolNodeRequest } from "../../../protocol/endpoints.ts";
import type { App, Services } from "../services.ts";

export function enrolRoute(app: App, { nodes, callers, hmacReceiver }: Services): void {
  app.post(
    "/nodes",
    {
      schema: {
        summary: "Enrol a node",
        body: enrolNodeRequest,
        response: { 200: enrolNodeAnswer },
      },
    },
    async (request) => {
      const key = await callers.provenKey(request);
      const { enrolment, hmac_receipts: wantsKey = false } = request.body;
      const node = await nodes.enrol(key, enrolment, wantsKey);
      const receiptKey = wantsKey ? hmacReceiver.keyFor(node.id) : undefined;
      return {
        node_id: node.id,
        owner: node.owner,
        multiplier: formatMultiplier(node.multiplier),
        ...(receiptKey === undefined ? {} : { receipt_key: receiptKey }),
      };
    },
  );
}
