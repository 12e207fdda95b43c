/** What several coordinators share: their keys, sealed, and which of their jobs came to an end. */
import { migrationOf } from "./statements.ts";

export const scaleOut = migrationOf(
  [
    `create table ring_key (
      purpose text not null check (purpose in ('ticket', 'pseudonym', 'join')),
      number int not null check (number > 0),
      sealed text not null,
      used_from_ms bigint not null,
      primary key (purpose, number)
    )`,
    `alter table job add column ended_ms bigint not null default 0`,
    `update job set ended_ms = begun_ms`,
  ],
  [`alter table job drop column ended_ms`, `drop table ring_key`],
);
