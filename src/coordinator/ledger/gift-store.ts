/** SQL of gifts. */
import { sql } from "kysely";
import type { Tx } from "../database.ts";
import type { Giver, StoredGift } from "./gift-rules.ts";

/** Locks both accounts in id order, so that gifts in both directions never wait for each other. @returns those there are */
export async function lockGift(tx: Tx, from: string, to: string): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ id: string }>`
    select id from account where id in (${from}, ${to}) and kind = 'user' and deleted_ms is null
    order by id for no key update
  `.execute(tx);
  return new Set(rows.map(({ id }) => id));
}

export async function findGift(tx: Tx, id: string): Promise<StoredGift | undefined> {
  const { rows } = await sql<{ to: string; amount: bigint; memo: string | null; at: bigint }>`
    select credit as to, amount, memo, created_ms as at from transfer where id = ${id}::uuid
  `.execute(tx);
  const found = rows[0];
  return found && { ...found, at: Number(found.at) };
}

/** @param counted the day's beginning (ms), and how many counterparties are enough to stop counting at */
export async function readGiver(
  tx: Tx,
  account: string,
  { since, counterparties }: { since: number; counterparties: number },
): Promise<Giver> {
  const { rows } = await sql<{
    available: bigint;
    non_transferable: bigint;
    counterparties: bigint;
    given: bigint;
  }>`
    select posted - held as available, non_transferable,
      (select count(*) from (
        select payee from request
        where account = ${account} and payee <> ${account} and state = 'settled' and cost > shortfall
        union
        select account from request
        where payee = ${account} and account <> ${account} and state = 'settled' and cost > shortfall
        limit ${counterparties}
      ) others) as counterparties,
      (select coalesce(sum(amount), 0)::bigint from transfer
        where debit = ${account} and kind = 'gift' and created_ms > ${since}::bigint) as given
    from account where id = ${account}
  `.execute(tx);
  const found = rows[0]!;
  return {
    available: found.available,
    nonTransferable: found.non_transferable,
    counterparties: Number(found.counterparties),
    givenToday: found.given,
  };
}

/** Moves the credits. Both accounts are locked already. */
export async function insertGift(
  tx: Tx,
  id: string,
  from: string,
  { to, amount, memo, at }: StoredGift,
): Promise<void> {
  await sql`
    with given as (
      insert into transfer (id, debit, credit, amount, kind, memo, created_ms) values (
        ${id}::uuid, ${from}, ${to}, ${amount}::bigint, 'gift', ${memo}, ${at}::bigint
      )
    )
    update account set posted = posted +
      case when id = ${from} then -${amount}::bigint else ${amount}::bigint end
    where id in (${from}, ${to})
  `.execute(tx);
}
