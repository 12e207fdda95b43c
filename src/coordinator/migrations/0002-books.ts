/** The books: holds, requests, statements, transfers. Amounts are integer micro-credits, rates integer pico-credits. */
import { migrationOf } from "./statements.ts";

export const books = migrationOf(
  [
    `create table hold (
      id uuid primary key,
      account text not null references account,
      payee text not null references account,
      node text not null,
      model text not null,
      model_digest text,
      amount bigint not null check (amount >= 0),
      captured bigint not null default 0,
      state text not null default 'open' check (state in ('open', 'closed', 'expired')),
      multiplier integer not null,
      per_second bigint not null check (per_second >= 0),
      per_prompt_token bigint not null check (per_prompt_token >= 0),
      per_completion_token bigint not null check (per_completion_token >= 0),
      anchor text not null,
      max_seconds integer not null,
      body_hash text not null,
      opened_ms bigint not null,
      ticket_expires_ms bigint not null,
      expires_ms bigint not null,
      closed_ms bigint,
      closing_numbers smallint[],
      check (captured between 0 and amount),
      check (account <> payee or amount = 0),
      check ((state = 'open') = (closed_ms is null))
    ) with (fillfactor = 70)`,
    `create index hold_to_expire on hold (expires_ms) where state = 'open'`,
    `create index hold_open_of_account on hold (account) where state = 'open'`,
    `create table statement (
      id text primary key,
      signer text not null,
      jws text not null,
      received_ms bigint not null
    )`,
    // cost is what the request costs by the rate on its hold; of it shortfall was never captured, commons went
    // to the commons, the rest to the provider (settled), its vesting account (vesting) or back (reversed).
    // starter is the part of the captured amount that was starter credits.
    // waiting: the acknowledgement came first, no money has moved.
    `create table request (
      hold uuid not null references hold,
      k smallint not null check (k between 1 and 256),
      account text not null references account,
      payee text not null references account,
      state text not null check (state in ('waiting', 'vesting', 'settled', 'reversed')),
      cost bigint not null default 0 check (cost >= 0),
      shortfall bigint not null default 0 check (shortfall between 0 and cost),
      commons bigint not null default 0 check (commons between 0 and cost - shortfall),
      starter bigint not null default 0 check (starter between 0 and cost - shortfall),
      receipt text references statement,
      line_hash text,
      billed_ms bigint,
      prompt_tokens integer,
      completion_tokens integer,
      estimated boolean,
      finish text,
      first_token_ms bigint,
      started_ms bigint,
      ended_ms bigint,
      acknowledgement text references statement,
      verdict text check (verdict in ('ok', 'differs', 'not_received', 'refused')),
      acknowledged_hash text,
      acknowledged_ms bigint,
      acknowledged_prompt_tokens integer,
      acknowledged_completion_tokens integer,
      retry_of text,
      continues text,
      part integer,
      received_ms bigint not null,
      vests_ms bigint,
      settled_ms bigint,
      primary key (hold, k),
      check ((state = 'waiting') = (receipt is null)),
      check ((receipt is null) = (line_hash is null)),
      check ((acknowledgement is null) = (verdict is null)),
      check ((state = 'vesting') = (vests_ms is not null)),
      check (state <> 'vesting' or cost > shortfall),
      check (state <> 'waiting' or cost = 0),
      check (state <> 'waiting' or verdict is not null),
      check (state <> 'reversed' or commons = 0)
    ) with (fillfactor = 80)`,
    `create index request_of_account on request (account, received_ms desc)`,
    `create index request_of_payee on request (payee, received_ms desc)`,
    `create index request_to_vest on request (vests_ms) where state = 'vesting'`,
    `create index request_retried on request (account, retry_of) where retry_of is not null`,
    `create table transfer (
      id uuid primary key,
      sequence bigint not null generated always as identity,
      debit text not null references account,
      credit text not null references account,
      amount bigint not null check (amount > 0),
      kind text not null check (kind in ('issue', 'grant', 'gift', 'request')),
      hold uuid references hold,
      k smallint,
      leg text check (leg in ('pay', 'fee', 'vest', 'release', 'reverse', 'commons')),
      memo text,
      created_ms bigint not null,
      check (debit <> credit),
      check ((kind = 'request') = (hold is not null)),
      check ((hold is null) = (k is null) and (hold is null) = (leg is null)),
      unique (hold, k, leg)
    )`,
    `create index transfer_debit on transfer (debit, created_ms desc)`,
    `create index transfer_credit on transfer (credit, created_ms desc)`,
    `create function refuse_change() returns trigger language plpgsql as $$
      begin
        raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
      end
    $$`,
    `create trigger transfer_append_only before update or delete on transfer
      for each row execute function refuse_change()`,
    `create trigger transfer_never_truncated before truncate on transfer
      for each statement execute function refuse_change()`,
  ],
  [
    `drop table transfer`,
    `drop function refuse_change()`,
    `drop table request`,
    `drop table statement`,
    `drop table hold`,
  ],
);
