/** SQL of an account's balance. */
import { sql } from "kysely";
import type { Micro } from "../../protocol/credits.ts";
import { reaching, type Database } from "../database.ts";
import { vestingOf } from "./account-names.ts";

export interface Balance {
  posted: Micro;
  held: Micro;
  nonTransferable: Micro;
  vesting: Micro;
}

/** Undefined where there is no such account. */
export async function readBalance(
  database: Database,
  account: string,
): Promise<Balance | undefined> {
  const { rows } = await reaching(() =>
    sql<{ posted: bigint; held: bigint; non_transferable: bigint; vesting: bigint }>`
      select a.posted, a.held, a.non_transferable, v.posted as vesting
      from account a join account v on v.id = ${vestingOf(account)}
      where a.id = ${account} and a.kind = 'user'
    `.execute(database),
  );
  const found = rows[0];
  return found && { ...found, nonTransferable: found.non_transferable };
}
