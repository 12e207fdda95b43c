/** Since when the coordinators run without a gap, so that jobs which do not come by can be told from an outage. */
import { migrationOf } from "./statements.ts";

export const stuckJobs = migrationOf(
  [
    `alter table service add column resumed_ms bigint not null default 0`,
    `update service set resumed_ms = alive_ms`,
  ],
  [`alter table service drop column resumed_ms`],
);
