/** `/admin/ledger`: the books at a glance, whether they are sound, and what treasurers grant. */
import {
  type AdminGrant,
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
import { readGrants } from "../../../ledger/treasury-store.ts";
import type { App } from "../../services.ts";

const latestGrants = 20;

/** @param most of the latest @param account of one only */
export async function shownGrants(
  { database }: Pick<Administration, "database">,
  most: number,
  account?: string,
): Promise<AdminGrant[]> {
  const grants = await readGrants(database, most, account);
  return grants.map(({ at, by, amount, ...grant }) => ({
    ...{ ...grant, amount: formatCredits(amount), created_at: at, granted_by: by },
  }));
}

export function ledgerRoutes(app: App, administration: Administration): void {
  const { database, clock, treasury } = administration;
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
        grants: await shownGrants(administration, latestGrants),
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
      const by = request.operator!.name;
      const wish = { id, account, amount: parseCredits(amount), memo, by };
      const granted = await treasury.grant(wish, clock.now());
      request.noted = { id, amount, repeated: granted.isRepeated };
      const first = { created_at: granted.at, granted_by: granted.by };
      return { id, account, amount, memo, ...first, repeated: granted.isRepeated };
    },
  );
}
