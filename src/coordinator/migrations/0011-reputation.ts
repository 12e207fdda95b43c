/** What a node's reputation comes from beside the books: how long it was there, and how it compared with its peers. */
import { migrationOf } from "./statements.ts";

export const reputation = migrationOf(
  [
    `create table presence (
      node text primary key references node,
      present_ms bigint not null check (present_ms >= 0),
      missed_ms bigint not null check (missed_ms >= 0),
      noted_ms bigint not null
    )`,
    `create table consistency (
      node text not null references node,
      model text not null,
      digest text not null,
      verdict text not null check (verdict in ('consistent', 'inconsistent')),
      prompts integer not null check (prompts > 0),
      peers integer not null check (peers > 0),
      agreement real not null check (agreement between 0 and 1),
      found_ms bigint not null,
      primary key (node, model, digest)
    )`,
    `create index hold_of_node on hold (node, opened_ms desc) include (account, payee)`,
  ],
  [`drop index hold_of_node`, `drop table consistency`, `drop table presence`],
);
