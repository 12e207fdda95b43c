/** SQL of the books at a glance. */
import { sql } from "kysely";
import type { Micro } from "../../protocol/credits.ts";
import { readSnapshot, type Database } from "../database.ts";
import { commons, faucet, issuance } from "../ledger/account-names.ts";

export interface Overview {
  accounts: number;
  issued: Micro;
  faucet: Micro;
  commons: Micro;
  users: Micro;
  held: Micro;
  vesting: Micro;
  openHolds: number;
  vestingRequests: number;
  waitingForStarter: number;
}

/** From one snapshot, so that the amounts add up. */
export const readOverview = (database: Database): Promise<Overview> =>
  readSnapshot(database, async (tx) => {
    // Accounts that everybody writes to have no balance of their own.
    const moved = (side: "credit" | "debit", account: string) =>
      sql`(select coalesce(sum(amount), 0) from transfer where ${sql.ref(side)} = ${account})`;
    const { rows } = await sql<Overview>`
      select
        (count(*) filter (where kind = 'user'))::int as accounts,
        (${moved("debit", issuance)} - ${moved("credit", issuance)})::bigint as issued,
        coalesce(sum(posted) filter (where id = ${faucet}), 0)::bigint as faucet,
        (${moved("credit", commons)} - ${moved("debit", commons)})::bigint as commons,
        coalesce(sum(posted) filter (where kind = 'user'), 0)::bigint as users,
        coalesce(sum(held) filter (where kind = 'user'), 0)::bigint as held,
        coalesce(sum(posted) filter (where kind = 'vesting'), 0)::bigint as vesting,
        (select count(*) from hold where state = 'open')::int as "openHolds",
        (select count(*) from request where state = 'vesting')::int as "vestingRequests",
        (count(*) filter (where starter_claimed_ms is not null and starter_granted_ms is null))::int
          as "waitingForStarter"
      from account
    `.execute(tx);
    return rows[0]!;
  });
