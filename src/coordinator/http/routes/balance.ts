/** `GET /users/{id}/balance`: an account's credits, for its owner. Reading creates nothing. */
import { divideDown, formatCredits, microPerCredit } from "../../../protocol/credits.ts";
import { balanceAnswer } from "../../../protocol/endpoints.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import type { App, Services } from "../services.ts";
import { ownAccount, userParams } from "../owner.ts";

export function balanceRoute(app: App, services: Services): void {
  app.get(
    "/users/:id/balance",
    {
      schema: {
        summary: "What an account has",
        params: userParams,
        response: { 200: balanceAnswer },
      },
    },
    async (request) => {
      const account = await ownAccount(services, request);
      const balance = await services.ledger.balance(account);
      if (!balance) throw new TroopError("account_unknown");
      const { posted, held, nonTransferable, vesting } = balance;
      return {
        account_id: account,
        balance: formatCredits(posted),
        held: formatCredits(held),
        available: formatCredits(posted - held),
        non_transferable: formatCredits(nonTransferable),
        vesting: formatCredits(vesting),
        balance_seconds: Number(divideDown(posted, microPerCredit)),
      };
    },
  );
}
