/** `POST /receipts`: signed batches of lines, and closes, from nodes. The statements are their own proof. */
import { limits } from "../../../protocol/limits.ts";
import { statementsAnswer, statementsRequest } from "../../../protocol/receipt.ts";
import type { App, Services } from "../services.ts";

export function receiptsRoute(app: App, { redeemer }: Services): void {
  app.post(
    "/receipts",
    {
      bodyLimit: limits.statementCallBytes,
      schema: {
        summary: "Settle what nodes served",
        body: statementsRequest,
        response: { 200: statementsAnswer },
      },
    },
    async (request) => ({ outcomes: await redeemer.redeemReceipts(request.body.statements) }),
  );
}
