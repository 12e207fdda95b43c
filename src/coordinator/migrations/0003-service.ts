/** What the coordinator remembers of itself: one row, when it was last alive. */
import { migrationOf } from "./statements.ts";

export const service = migrationOf(
  [
    `create table service (
      single boolean primary key default true check (single),
      alive_ms bigint not null
    )`,
  ],
  [`drop table service`],
);
