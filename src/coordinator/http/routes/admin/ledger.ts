/** `/admin/ledger`: the books at a glance, whether they are sound, and what treasurers grant. */
import {
  grantAnswer,
  grantRequest,
  ledgerAnswer,
  ledgerAudit,
} from "../../../../protocol/admin.ts";
import { formatCredits, parseCredits } from "../../../../protocol/credits.ts";
import { limits } from "../../../../protocol/limits.ts";
import type { Administration } from "../../../admin/administration.ts";
import { readOverview } from "../../../admin/overview-store.ts";
import { auditBooks } from "../../../ledger/audit-store.ts";
import type { App } from "../../services.ts";

export function ledgerRoutes(app: App, { database, clock, treasury }: Administration): void {
  app.get(
    "/admin/ledger",
    {
      config: { need: "read", timeoutMs: limits.adminReadTimeoutMs },
      schema: { hide: true, response: { 200: ledgerAnswer } },
    },
    async () => {
      const books = await readOverview(database);
      return {
        ...{ accounts: books.accounts, issued: formatCredits(books.issued) },
        ...{ faucet: formatCredits(books.faucet), commons: formatCredits(books.commons) },
        ...{ users: formatCredits(books.users), held: formatCredits(books.held) },
        ...{ vesting: formatCredits(books.vesting), open_holds: books.openHolds },
        ...{ vesting_requests: books.vestingRequests },
        waiting_for_starter: books.waitingForStarter,
        granted: formatCredits(await treasury.granted(clock.now())),
        grant_limit: formatCredits(treasury.dailyMost),
      };
    },
  );
  app.get(
    "/admin/ledger/audit",
    {
      config: { need: "read", timeoutMs: limits.adminReadTimeoutMs },
      schema: { hide: true, response: { 200: ledgerAudit } },
    },
    async () => {
      const offences = await auditBooks(database);
      return { sound: offences.length === 0, offences };
    },
  );
  app.post(
    "/admin/grants",
    {
      config: { need: "grant", act: "grant" },
      schema: { hide: true, body: grantRequest, response: { 200: grantAnswer } },
    },
    async (request) => {
      const { id, account, amount, memo } = request.body;
      const wish = { id, account, amount: parseCredits(amount), memo };
      const granted = await treasury.grant(wish, clock.now());
      request.noted = { id, amount, repeated: granted.isRepeated };
      return { id, account, amount, memo, created_at: granted.at, repeated: granted.isRepeated };
    },
  );
}
