/** `GET /users/{id}/transactions`: an account's history, newest first, for its owner. */
import { transactionsAnswer, transactionsQuery } from "../../../protocol/endpoints.ts";
import { historyEntry, readCursor, writeCursor } from "../../ledger/history.ts";
import type { App, Services } from "../services.ts";
import { ownAccount, userParams } from "../owner.ts";

export function transactionsRoute(app: App, services: Services): void {
  app.get(
    "/users/:id/transactions",
    {
      schema: {
        summary: "What an account paid and earned, and why",
        params: userParams,
        querystring: transactionsQuery,
        response: { 200: transactionsAnswer },
      },
    },
    async (request) => {
      const account = await ownAccount(services, request);
      const { limit, cursor } = request.query;
      const before = cursor === undefined ? undefined : readCursor(cursor);
      // One more than asked for tells whether there is a next page.
      const found = await services.ledger.history(account, before, limit + 1);
      const page = found.slice(0, limit);
      const last = page.at(-1);
      return {
        transactions: page.map((entry) => historyEntry(account, entry)),
        next_cursor: found.length > limit && last ? writeCursor(last) : null,
      };
    },
  );
}
