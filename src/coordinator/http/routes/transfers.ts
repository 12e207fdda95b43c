/** `POST /transfers`: a gift from the account that proves the call. */
import { formatCredits, parseCredits } from "../../../protocol/credits.ts";
import { transferAnswer, transferRequest } from "../../../protocol/endpoints.ts";
import { gift as giftMade } from "../../audit/events.ts";
import { callerOf } from "../audited.ts";
import type { App, Services } from "../services.ts";

export function transfersRoute(app: App, { ledger, callers, clock, auditLog }: Services): void {
  app.post(
    "/transfers",
    {
      schema: {
        summary: "Give credits away",
        body: transferRequest,
        response: { 200: transferAnswer },
      },
    },
    async (request) => {
      const from = await callers.liveAccount(request);
      const { id, to, amount, memo } = request.body;
      const gift = { id, from, to, amount: parseCredits(amount), memo: memo ?? null };
      const given = await ledger.gift(gift, clock.now());
      const answer = {
        id,
        from,
        to: given.to,
        amount: formatCredits(given.amount),
        memo: given.memo,
        created_at: given.at,
      };
      await auditLog.recordDurably(giftMade(callerOf(request), answer));
      return answer;
    },
  );
}
