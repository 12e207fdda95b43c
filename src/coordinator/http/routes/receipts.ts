/** `POST /receipts`: signed batches of lines, and closes, from nodes. The statements are their own proof. */
import { limits } from "../../../protocol/limits.ts";
import { statementsAnswer, statementsRequest } from "../../../protocol/receipt.ts";
import { statementsTaken } from "../../audit/events.ts";
import { callerOf } from "../audited.ts";
import type { App, Services } from "../services.ts";

export function receiptsRoute(app: App, { redeemer, auditLog }: Services): void {
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
    async (request) => {
      const outcomes = await redeemer.redeemReceipts(request.body.statements, async (taken) => {
        for (const event of statementsTaken("receipts", callerOf(request), taken))
          await auditLog.recordDurably(event);
      });
      return { outcomes };
    },
  );
}
