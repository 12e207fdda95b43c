/** What receipts say a model's tokens take, and which jobs ran last. Rates are integer pico-credits. */
import { migrationOf } from "./statements.ts";

export const tariff = migrationOf(
  [
    `create table tariff (
      model text primary key,
      per_completion_token bigint not null check (per_completion_token > 0),
      lines integer not null check (lines > 0),
      owners integer not null check (owners > 0),
      requesters integer not null check (requesters > 0),
      fitted_ms bigint not null,
      raised_ms bigint not null
    )`,
    // What one coordinator of several does: whoever moves the time on does the work.
    `create table job (
      name text primary key,
      begun_ms bigint not null
    )`,
    // Up to when everything that was due has been dealt with: what is due since longer, and still open, is an offence.
    `alter table service add column swept_ms bigint not null default 0`,
  ],
  [`alter table service drop column swept_ms`, `drop table job`, `drop table tariff`],
);
