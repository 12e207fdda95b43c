/**
 * Tickets that nobody used are looked through in the order of their ends, a page at a time; and what a requester was
 * given back counts from when it was.
 */
import { migrationOf } from "./statements.ts";

export const latestFirst = migrationOf(
  [
    `create index hold_to_release on hold (ticket_expires_ms, id) where state = 'open'`,
    `create index request_given_back on request (account, settled_ms desc) where state = 'reversed'`,
  ],
  [`drop index request_given_back`, `drop index hold_to_release`],
);
