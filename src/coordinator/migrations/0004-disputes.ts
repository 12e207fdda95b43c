/** What a requester says of a request after its first word on it: a mark, which moves no money. */
import { migrationOf } from "./statements.ts";

export const disputes = migrationOf(
  [
    `alter table request
      add column dispute text references statement,
      add column disputed text check (disputed in ('differs', 'not_received', 'refused')),
      add column disputed_ms bigint,
      add constraint request_dispute_is_whole check (
        (dispute is null) = (disputed is null) and (dispute is null) = (disputed_ms is null)),
      add constraint request_dispute_comes_second check (dispute is null or acknowledgement is not null)`,
  ],
  [
    `alter table request
      drop column dispute cascade, drop column disputed cascade, drop column disputed_ms cascade`,
  ],
);
