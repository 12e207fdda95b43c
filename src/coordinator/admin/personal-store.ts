/** SQL of an account's personal data: all of it, row by row, and what of it can be deleted. */
import { sql, type RawBuilder } from "kysely";
import type { Micro } from "../../protocol/credits.ts";
import { reaching, type Database, type Tx } from "../database.ts";
import { vestingOf } from "../ledger/account-names.ts";

/**
 * What an account gets to see of what others asked its nodes: not who they are, whom a ticket names by a pseudonym, nor
 * what would lead from one request of theirs to the next.
 */
const ofRequester = sql`array['account', 'anchor', 'body_hash', 'retry_of', 'continues',
  'acknowledgement', 'dispute']`;

/**
 * Each gives its rows with a key to go on from. Statements are those that were signed by its keys and its nodes'; which
 * operator granted something is operators' own affair.
 */
const sections: Readonly<Record<string, (account: string) => RawBuilder<unknown>>> = {
  accounts: (id) => sql`select a.id as key, to_jsonb(a) as row from account a where owner = ${id}`,
  keys: (id) => sql`
    select thumbprint as key, to_jsonb(k) as row from account_key k where account = ${id}`,
  invites: (id) => sql`select id as key, to_jsonb(i) as row from invite i where account = ${id}`,
  nodes: (id) => sql`select id as key, to_jsonb(n) as row from node n where owner = ${id}`,
  hardware: (id) => sql`
    select h.node as key, to_jsonb(h) as row from hardware h join node n on n.id = h.node
    where n.owner = ${id}`,
  hardware_verdicts: (id) => sql`
    select v.id::text as key, to_jsonb(v) as row from hardware_verdict v join node n on n.id = v.node
    where n.owner = ${id}`,
  presence: (id) => sql`
    select p.node as key, to_jsonb(p) as row from presence p join node n on n.id = p.node
    where n.owner = ${id}`,
  consistency: (id) => sql`
    select concat_ws(' ', c.node, c.model, c.digest) as key, to_jsonb(c) as row
    from consistency c join node n on n.id = c.node where n.owner = ${id}`,
  transfers: (id) => sql`
    select t.id::text as key, to_jsonb(t) - 'granted_by'
      - case h.account when debit then 'debit' when credit then 'credit' else '' end as row
    from transfer t left join hold h on h.id = t.hold and h.account <> ${id}
    where debit in (${id}, ${vestingOf(id)}) or credit in (${id}, ${vestingOf(id)})`,
  holds: (id) => sql`
    select id::text as key,
      case account when ${id} then to_jsonb(h) else to_jsonb(h) - ${ofRequester} end as row
    from hold h where account = ${id} or payee = ${id}`,
  requests: (id) => sql`
    select concat(hold, '.', lpad(k::text, 3, '0')) as key,
      case account when ${id} then to_jsonb(r) else to_jsonb(r) - ${ofRequester} end as row
    from request r where account = ${id} or payee = ${id}`,
  statements: (id) => sql`
    select s.id as key, to_jsonb(s) as row from statement s where s.id in (
      select unnest(array[acknowledgement, dispute]) from request where account = ${id}
      union select receipt from request where payee = ${id}
    )`,
  audit: (id) => sql`
    select lpad(position::text, 19, '0') as key, to_jsonb(l) as row from audit_log l
    where user_id = ${id}`,
};
export const sectionNames: readonly string[] = Object.keys(sections);

/** One page of a section, as JSON text. @param after the key of the last row before */
export async function readSection(
  database: Database,
  name: string,
  account: string,
  after: string,
  most: number,
): Promise<{ key: string; row: string }[]> {
  const { rows } = await reaching(() =>
    sql<{ key: string; row: string }>`
      select key, row::text as row from (${sections[name]!(account)}) section
      where key collate "C" > ${after} order by key collate "C" limit ${most}
    `.execute(database),
  );
  return rows;
}

export interface PersonalData {
  deletedAt: number | null;
  posted: Micro;
  keys: number;
  nodes: number;
  memos: number;
}

/** Locks the account. Undefined where there is none. */
export async function lockPersonal(tx: Tx, account: string): Promise<PersonalData | undefined> {
  await sql`select 1 from account where id = ${account} for no key update`.execute(tx);
  const { rows } = await sql<Omit<PersonalData, "deletedAt"> & { at: bigint | null }>`
    select deleted_ms as at, posted,
      (select count(*)::int from account_key where account = ${account} and jwk is not null) as keys,
      (select count(*)::int from node where owner = ${account} and jwk is not null) as nodes,
      (select count(*)::int from transfer where (debit = ${account} or credit = ${account})
        and memo is not null and (kind = 'gift' or kind = 'grant' and debit = 'issuance')) as memos
    from account where id = ${account} and kind = 'user'
  `.execute(tx);
  const [found] = rows;
  if (!found) return undefined;
  const { at, ...data } = found;
  return { ...data, deletedAt: at === null ? null : Number(at) };
}

/**
 * Deletes what the books can do without. What stays of the account is its id, by which its transfers, holds and requests
 * are somebody's; what stays of its key and nodes are their ids, so that none of them comes back.
 */
export async function deletePersonal(tx: Tx, account: string, now: number): Promise<void> {
  const owned = sql`select id from node where owner = ${account}`;
  await sql`
    update account set revoked_ms = coalesce(revoked_ms, ${now}::bigint), deleted_ms = ${now}::bigint,
      starter_prefix = null,
      starter_claimed_ms = case when starter_granted_ms is null then null else starter_claimed_ms end
    where id = ${account}
  `.execute(tx);
  await sql`
    update account_key set jwk = null, revoked_ms = coalesce(revoked_ms, ${now}::bigint)
    where account = ${account}
  `.execute(tx);
  await sql`delete from invite where account = ${account}`.execute(tx);
  await sql`select forget_memos(${account})`.execute(tx);
  await sql`delete from presence where node in (${owned})`.execute(tx);
  await sql`delete from consistency where node in (${owned})`.execute(tx);
  await sql`update hardware_session set device = null where node in (${owned})`.execute(tx);
  await sql`
    update hardware set stated = null, prefix = null, device = null, due_ms = null, due_reason = null
    where node in (${owned})
  `.execute(tx);
  await sql`
    update node set jwk = null, revoked_ms = coalesce(revoked_ms, ${now}::bigint)
    where owner = ${account}
  `.execute(tx);
}
