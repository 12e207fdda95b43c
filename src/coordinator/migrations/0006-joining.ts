/** Who may join and how much starter credit one place may draw: invitations, and what each source prefix drew today. */
import { migrationOf } from "./statements.ts";

export const joining = migrationOf(
  [
    // Only the code's hash is kept: who reads the database cannot join with it.
    `create table invite (
      id text primary key,
      created_ms bigint not null,
      expires_ms bigint not null,
      account text references account,
      used_ms bigint,
      check ((account is null) = (used_ms is null))
    )`,
    // Where a claim came from, until it is paid; nothing for addresses that are not of the world.
    `alter table account add column starter_prefix text`,
    `create table starter_draw (
      day integer not null,
      prefix text not null,
      drawn bigint not null check (drawn > 0),
      primary key (day, prefix)
    )`,
  ],
  [
    `drop table starter_draw`,
    `alter table account drop column starter_prefix`,
    `drop table invite`,
  ],
);
