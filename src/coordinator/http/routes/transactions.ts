/** `GET /users/{id}/transactions`: an account's history, newest first, for its owner, as JSON or as CSV. */
import { transactionsAnswer, transactionsQuery } from "../../../protocol/endpoints.ts";
import { historyCsvHeader, historyCsvLines } from "../../../protocol/history-csv.ts";
import { historyEntry, readCursor, writeCursor } from "../../ledger/history.ts";
import { prefers } from "../accepted.ts";
import type { App, Services } from "../services.ts";
import { ownAccount, userParams } from "../owner.ts";

export function transactionsRoute(app: App, services: Services): void {
  app.get(
    "/users/:id/transactions",
    {
      schema: {
        summary: "What an account paid and earned, and why",
        description:
          "With `Accept: text/csv` the page is CSV, and a `Link` header with `rel=next` names the next one.",
        params: userParams,
        querystring: transactionsQuery,
        response: { 200: transactionsAnswer },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(services, request);
      const { limit, cursor, kind } = request.query;
      const before = cursor === undefined ? undefined : readCursor(cursor);
      // One more than asked for tells whether there is a next page.
      const found = await services.ledger.history(account, before, limit + 1, kind);
      const page = found.slice(0, limit);
      const last = page.at(-1);
      const transactions = page.map((entry) => historyEntry(account, entry));
      const next = found.length > limit && last ? writeCursor(last) : null;
      void reply.header("vary", "accept");
      if (!prefers("text/csv", request.headers.accept)) return { transactions, next_cursor: next };
      if (next) {
        const query = new URLSearchParams({ limit: String(limit), ...(kind ? { kind } : {}) });
        query.set("cursor", next);
        void reply.header("link", `<?${query.toString()}>; rel="next"`);
      }
      // A page that goes on has no header line of its own, so that pages can be put together.
      const header = cursor === undefined ? historyCsvHeader : "";
      void reply.type("text/csv; charset=utf-8; header=" + (header ? "present" : "absent"));
      // Text is sent as it is: the schema above describes the JSON form.
      return (header + historyCsvLines(transactions)) as never;
    },
  );
}
