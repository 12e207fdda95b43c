/** `POST /acknowledgements`: signed batches of verdicts from accounts. The statements are their own proof. */
import { limits } from "../../../protocol/limits.ts";
import { statementsAnswer, statementsRequest } from "../../../protocol/receipt.ts";
import { statementsTaken } from "../../audit/events.ts";
import { callerOf } from "../audited.ts";
import type { App, Services } from "../services.ts";

export function acknowledgementsRoute(app: App, { redeemer, auditLog }: Services): void {
  app.post(
    "/acknowledgements",
    {
      bodyLimit: limits.statementCallBytes,
      schema: {
        summary: "Say what was received",
        body: statementsRequest,
        response: { 200: statementsAnswer },
      },
    },
    async (request) => {
      const outcomes = await redeemer.redeemAcknowledgements(
        request.body.statements,
        async (taken) => {
          for (const event of statementsTaken("acknowledgements", callerOf(request), taken))
            await auditLog.recordDurably(event);
        },
      );
      return { outcomes };
    },
  );
}
