/**
 * Tickets that nobody used are looked through in the order of their ends, a page at a time; and what a requester was
 * given back counts from when it was. Requests at one's own node cost nothing and may be many: they are not in the way.
 */
import { migrationOf } from "./statements.ts";

export const latestFirst = migrationOf(
  [
    `create index hold_to_release on hold (ticket_expires_ms, id) where state = 'open'`,
    `create index request_paid on request (account, received_ms desc)
       where receipt is not null and cost > shortfall and state <> 'reversed'`,
    `create index request_given_back on request (account, settled_ms desc) where state = 'reversed'`,
  ],
  [`drop index request_paid`, `drop index request_given_back`, `drop index hold_to_release`],
);
