/**
 * SQL of the invariants, from one snapshot. Everything is recomputed from transfers, holds and requests;
 * the materialised columns are only what it is compared with.
 */
import { sql } from "kysely";
import { errorCodeOf, readSnapshot, type Database, type Tx } from "../database.ts";
import { claims, secrets } from "./audit-lines-store.ts";
import {
  acknowledgements,
  charges,
  findings,
  overdue,
  receipts,
  starters,
  statements,
  stuck,
  type Check,
  type Finding,
} from "./audit-receipts-store.ts";

/** A row that breaks an invariant (numbered as in `docs/ledger.md`). */
export interface Offence extends Finding {
  invariant: 1 | 2 | 3 | 4 | 5 | 6;
}

/** Net of an account's transfers. */
const summed = sql`
  select account, sum(amount)::bigint as amount from (
    select credit as account, amount from transfer
    union all select debit, -amount from transfer
  ) moved group by account
`;
const reserved = sql`
  select account, sum(amount - captured)::bigint as amount from hold where state = 'open' group by account
`;

/** 1. All accounts together are worth nothing: what somebody has, somebody else owes. */
const zeroSum: Check = (tx) =>
  findings(
    sql<Finding>`
      select 'all accounts' as subject, total::text as found, '0' as expected from (
        select coalesce(sum(case when materialised then posted else coalesce(s.amount, 0) end), 0) as total
        from account left join (${summed}) s on s.account = account.id
      ) books where total <> 0
    `,
    tx,
  );

/** 1. Credits come into being in the faucet, leave it as grants, or are granted by treasurers, and users give them on. */
const sources: Check = (tx) =>
  findings(
    sql<Finding>`
      select t.id::text as subject, concat_ws(' ', t.kind, 'from', t.debit, 'to', t.credit) as found,
        case t.kind when 'issue' then 'from issuance to the faucet'
          when 'grant' then 'from the faucet or issuance to a user' else 'from a user to a user' end as expected
      from transfer t join account d on d.id = t.debit join account c on c.id = t.credit
      where t.kind <> 'request' and (t.kind, d.kind, c.kind) not in (
        ('issue', 'issuance', 'faucet'), ('grant', 'faucet', 'user'),
        ('grant', 'issuance', 'user'), ('gift', 'user', 'user')
      ) order by t.id
    `,
    tx,
  );

/** 2. A balance is its credits less its debits. */
const balances: Check = (tx) =>
  findings(
    sql<Finding>`
      select id as subject, posted::text as found, coalesce(s.amount, 0)::text as expected
      from account left join (${summed}) s on s.account = account.id
      where materialised and posted <> coalesce(s.amount, 0) order by id
    `,
    tx,
  );

/** 3. What is held is what open holds have left. */
const reservations: Check = (tx) =>
  findings(
    sql<Finding>`
      select id as subject, 'held ' || held as found, 'held ' || coalesce(r.amount, 0) as expected
      from account left join (${reserved}) r on r.account = account.id
      where materialised and held <> coalesce(r.amount, 0) order by id
    `,
    tx,
  );

/** 4. No bounded account owes anything, nor can it give away more than it has been paid. */
const bounds: Check = (tx) =>
  findings(
    sql<Finding>`
      select id as subject,
        (coalesce(s.amount, 0) - coalesce(r.amount, 0))::text as found, 'at least 0' as expected
      from account
        left join (${summed}) s on s.account = account.id
        left join (${reserved}) r on r.account = account.id
      where bounded and coalesce(s.amount, 0) - coalesce(r.amount, 0) < 0 order by id
    `,
    tx,
  );

/** 5. One row per request, and its transfers are those of its state; a hold has captured what its requests paid. */
const requests: Check = (tx) =>
  findings(
    sql<Finding>`
      with legs as (
        select t.hold, t.k,
          sum(case when t.debit = h.account then t.amount else 0 end) as taken,
          sum(case when t.credit = h.account then t.amount else 0 end) as returned,
          sum(case when t.credit = h.payee then t.amount else 0 end) as earned,
          sum(case when t.credit = 'commons' then t.amount else 0 end) as commons,
          sum(case when t.credit = 'vesting:' || h.payee then t.amount
                   when t.debit = 'vesting:' || h.payee then -t.amount else 0 end) as vesting
        from transfer t join hold h on h.id = t.hold where h.account <> h.payee group by t.hold, t.k
      ), expected as (
        select hold, k,
          cost - shortfall as taken,
          case when state = 'reversed' then cost - shortfall else 0 end as returned,
          case when state = 'settled' then cost - shortfall - commons else 0 end as earned,
          commons,
          case when state = 'vesting' then cost - shortfall else 0 end as vesting
        from request
      )
      select coalesce(e.hold, l.hold) || '.' || coalesce(e.k, l.k) as subject,
        concat_ws(' ', 'taken', coalesce(l.taken, 0), 'returned', coalesce(l.returned, 0), 'earned',
          coalesce(l.earned, 0), 'commons', coalesce(l.commons, 0), 'vesting', coalesce(l.vesting, 0)) as found,
        case when e.hold is null then 'no transfers without a request' else
          concat_ws(' ', 'taken', e.taken, 'returned', e.returned, 'earned', e.earned,
            'commons', e.commons, 'vesting', e.vesting) end as expected
      from expected e full join legs l on l.hold = e.hold and l.k = e.k
      where e.hold is null
        or e.taken <> coalesce(l.taken, 0) or e.returned <> coalesce(l.returned, 0)
        or e.earned <> coalesce(l.earned, 0) or e.commons <> coalesce(l.commons, 0)
        or e.vesting <> coalesce(l.vesting, 0)
      union all
      select h.id::text, 'captured ' || h.captured, 'captured ' || coalesce(sum(r.cost - r.shortfall), 0)
      from hold h left join request r on r.hold = h.id
      group by h.id having h.captured <> coalesce(sum(r.cost - r.shortfall), 0)
      order by subject
    `,
    tx,
  );

/** 6. Every request belongs to the parties of its hold and has an end, or one in sight. */
const ends: Check = (tx) =>
  findings(
    sql<Finding>`
      select r.hold || '.' || r.k as subject,
        concat_ws(' ', r.state, 'of', r.account, 'to', r.payee) as found,
        concat_ws(' ', 'an end, of', h.account, 'to', h.payee) as expected
      from request r join hold h on h.id = r.hold
      where r.account <> h.account or r.payee <> h.payee
        or (r.state in ('settled', 'reversed')) <> (r.settled_ms is not null)
        or (r.state = 'vesting') <> (r.vests_ms is not null)
      order by subject
    `,
    tx,
  );

const checks: Record<Offence["invariant"], Readonly<Record<string, Check>>> = {
  1: { zeroSum, sources },
  2: { balances, starters },
  3: { reservations },
  4: { bounds },
  5: { requests, charges, claims, receipts, secrets, acknowledgements, statements },
  6: { ends, overdue, stuck },
};

/** What no data of ours can be read as: class 22. */
const isUnreadable = (error: unknown): boolean => String(errorCodeOf(error)).startsWith("22");

/** A check that stumbles over what somebody wrote by hand is an offence itself, and the others still run. */
async function isolated(tx: Tx, name: string, check: Check): Promise<Finding[]> {
  await sql`savepoint before_check`.execute(tx);
  try {
    const found = await check(tx);
    await sql`release savepoint before_check`.execute(tx);
    return found;
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    await sql`rollback to savepoint before_check`.execute(tx);
    const reason = error instanceof Error ? error.message : "";
    return [{ subject: name, found: `the check failed: ${reason}`, expected: "rows it can read" }];
  }
}

export function auditBooks(database: Database): Promise<Offence[]> {
  return readSnapshot(database, async (tx) => {
    const offences: Offence[] = [];
    for (const [number, ofInvariant] of Object.entries(checks)) {
      const invariant = Number(number) as Offence["invariant"];
      for (const [name, check] of Object.entries(ofInvariant))
        for (const finding of await isolated(tx, name, check))
          offences.push({ invariant, ...finding });
    }
    return offences;
  });
}
