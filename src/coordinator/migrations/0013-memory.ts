/** Proofs of memory: what each node has shown to hold, its walks, and when a round's nodes walk together. */
import { migrationOf } from "./statements.ts";

const states = (names: readonly string[]) =>
  `check (state in (${names.map((name) => `'${name}'`).join(", ")}))`;

export const memory = migrationOf(
  [
    `alter table hardware add column memory_bytes bigint, add column memory_ms bigint,
      add check ((memory_bytes is null) = (memory_ms is null))`,
    `alter table hardware_trial add column found boolean not null default false,
      add column walks_ms bigint`,
    // Trials are forgotten in the end, and verdicts are not.
    `create index hardware_trial_ends on hardware_trial (ends_ms)`,
    `alter table hardware_verdict drop constraint hardware_verdict_trial_fkey`,
    // issued → walking → committed: the walk is told once, when the dataset is held.
    `alter table hardware_session add column walk_seed text,
      add check ((kind = 'memory') = (walk_seed is not null)),
      drop constraint hardware_session_state_check,
      add constraint hardware_session_state_check
        ${states(["issued", "walking", "committed", "checking", "ended"])}`,
  ],
  [
    `delete from hardware_session where kind = 'memory'`,
    `alter table hardware_session drop column walk_seed,
      drop constraint hardware_session_state_check,
      add constraint hardware_session_state_check
        ${states(["issued", "committed", "checking", "ended"])}`,
    `alter table hardware_verdict add constraint hardware_verdict_trial_fkey
      foreign key (trial) references hardware_trial not valid`,
    `drop index hardware_trial_ends`,
    `alter table hardware_trial drop column walks_ms, drop column found`,
    `alter table hardware drop column memory_ms, drop column memory_bytes`,
  ],
);
