/** Accounts, their keys, and the nodes they own. Times are milliseconds UTC, given by the caller. */
import { migrationOf } from "./statements.ts";

export const accounts = migrationOf(
  [
    // A user's account is named by the thumbprint of its first key; its vesting account "vesting:" before that.
    // Accounts that are not materialised (busy, unbounded ones of the system) have no balance of their own:
    // it is the sum of their transfers, so that no row is written by everybody.
    `create table account (
      id text primary key,
      owner text references account,
      kind text not null check (kind in ('user', 'vesting', 'faucet', 'issuance', 'commons', 'orders')),
      posted bigint not null default 0,
      held bigint not null default 0 check (held >= 0),
      non_transferable bigint not null default 0 check (non_transferable >= 0),
      bounded boolean not null,
      materialised boolean not null,
      created_ms bigint not null,
      starter_claimed_ms bigint,
      starter_granted_ms bigint,
      check (not bounded or posted - held >= 0),
      check (not bounded or materialised),
      check (materialised or (posted = 0 and held = 0 and non_transferable = 0)),
      check ((owner is not null) = (kind in ('user', 'vesting'))),
      check (starter_granted_ms is null or starter_claimed_ms is not null)
    ) with (fillfactor = 70)`,
    `create index account_waiting_for_starter on account (starter_claimed_ms, id)
      where starter_claimed_ms is not null and starter_granted_ms is null`,
    `insert into account (id, kind, bounded, materialised, created_ms) values
      ('issuance', 'issuance', false, false, 0),
      ('commons', 'commons', false, false, 0),
      ('faucet', 'faucet', true, true, 0)`,
    `create table account_key (
      thumbprint text primary key,
      account text not null references account,
      jwk jsonb not null,
      created_ms bigint not null,
      revoked_ms bigint
    )`,
    `create index account_key_of_account on account_key (account)`,
    `create table node (
      id text primary key,
      owner text not null references account,
      jwk jsonb not null,
      multiplier integer not null check (multiplier > 0),
      enrolled_ms bigint not null
    )`,
    `create index node_of_owner on node (owner)`,
  ],
  [`drop table node`, `drop table account_key`, `drop table account`],
);
