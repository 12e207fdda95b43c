/** Proofs of each GPU of a node: a trial of its own for each, and one verdict of all of them. */
import { migrationOf } from "./statements.ts";

export const gpus = migrationOf(
  [
    // `came_to` is how a trial ended, until those of the node's other GPUs have ended too.
    `alter table hardware_trial add column gpu integer not null default 0 check (gpu >= 0),
      add column came_to jsonb`,
    `drop index hardware_trial_open`,
    `create unique index hardware_trial_open on hardware_trial (node, gpu) where outcome is null`,
    `create unique index hardware_trial_once on hardware_trial (round, node, gpu)`,
    // What each that was proven last counts as; the node's own multiplier and memory are made of them.
    `alter table hardware add column gpus jsonb`,
  ],
  [
    `alter table hardware drop column gpus`,
    `delete from hardware_session where trial in (select id from hardware_trial where gpu > 0)`,
    `delete from hardware_trial where gpu > 0`,
    `drop index hardware_trial_once`,
    // Of several one may be over: without the others it is tried on.
    `update hardware_trial t set outcome = null where came_to is not null
      and not exists (select from hardware_verdict v where v.trial = t.id)`,
    `drop index hardware_trial_open`,
    `create unique index hardware_trial_open on hardware_trial (node) where outcome is null`,
    `alter table hardware_trial drop column came_to, drop column gpu`,
  ],
);
