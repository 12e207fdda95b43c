/** Proofs of hardware: what is known of each node that asked for one, its trials, their sessions, and every verdict. */
import { migrationOf } from "./statements.ts";

export const hardware = migrationOf(
  [
    // The multiplier itself stays in `node`; here is where it comes from. Nodes that never asked have no row.
    `create table hardware (
      node text primary key references node,
      provenance text not null default 'unproven'
        check (provenance in ('unproven', 'proven', 'stale', 'refuted')),
      proven_ms bigint,
      missed integer not null default 0 check (missed >= 0),
      quarantined_ms bigint not null default 0,
      due_ms bigint,
      due_reason text,
      asked_ms bigint not null default 0,
      tried_ms bigint not null default 0,
      stated text,
      prefix text,
      device text,
      check ((due_ms is null) = (due_reason is null))
    )`,
    `create index hardware_due on hardware (due_ms)`,
    `create index hardware_prefix on hardware (prefix)`,
    `create index hardware_device on hardware (device)`,
    // Nodes of one round are tried at the same instants.
    `create table hardware_trial (
      id uuid primary key,
      round uuid not null,
      node text not null references hardware,
      reason text not null,
      joint boolean not null,
      starts_ms bigint not null,
      ends_ms bigint not null,
      ready boolean not null default false,
      outcome text check (outcome in ('proven', 'refuted', 'failed'))
    )`,
    `create unique index hardware_trial_open on hardware_trial (node) where outcome is null`,
    `create index hardware_trial_round on hardware_trial (round)`,
    // issued → committed → checking → ended: each step is taken once. Times of "pushed_ms" are the database's own.
    `create table hardware_session (
      id uuid primary key,
      trial uuid not null references hardware_trial,
      number integer not null,
      node text not null,
      kind text not null,
      seed text not null,
      size jsonb not null,
      issued_ms bigint not null,
      pushed_ms double precision,
      state text not null check (state in ('issued', 'committed', 'checking', 'ended')),
      root text,
      asked jsonb,
      span_ms double precision check (span_ms > 0),
      device jsonb,
      outcome text check (outcome in ('passed', 'wrong', 'late', 'gave_up')),
      check ((state = 'ended') = (outcome is not null)),
      check (outcome is distinct from 'passed' or span_ms is not null),
      unique (trial, number)
    )`,
    `create table hardware_verdict (
      id uuid primary key,
      node text not null references hardware,
      trial uuid not null unique references hardware_trial,
      outcome text not null check (outcome in ('proven', 'refuted', 'failed')),
      multiplier integer not null check (multiplier > 0),
      provenance text not null,
      details jsonb not null,
      decided_ms bigint not null
    )`,
    `create index hardware_verdict_of_node on hardware_verdict (node, decided_ms desc)`,
    `create trigger hardware_verdict_append_only before update or delete on hardware_verdict
      for each row execute function refuse_change()`,
    `create trigger hardware_verdict_never_truncated before truncate on hardware_verdict
      for each statement execute function refuse_change()`,
  ],
  [
    `drop table hardware_verdict`,
    `drop table hardware_session`,
    `drop table hardware_trial`,
    `drop table hardware`,
  ],
);
