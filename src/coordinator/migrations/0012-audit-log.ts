/** The audit log: a chain of rows that are only ever added, and where the chain begins since the oldest were forgotten. */
import { origin } from "../audit/chain.ts";
import { migrationOf } from "./statements.ts";

export const auditLog = migrationOf(
  [
    `create table audit_log (
      position bigint primary key check (position > 0),
      id uuid not null unique,
      timestamp bigint not null,
      event_type text not null
        check (event_type in ('authorization', 'transaction', 'rate_limit', 'security', 'admin')),
      user_id text,
      ip_address text,
      details jsonb not null,
      hash text not null
    )`,
    `create index audit_log_of_type on audit_log (event_type, position)`,
    `create index audit_log_of_user on audit_log (user_id, position) where user_id is not null`,
    `create table audit_head (
      single boolean primary key default true check (single),
      position bigint not null,
      hash text not null
    )`,
    `insert into audit_head (position, hash) values (${origin.position}, '${origin.hash}')`,
    `create trigger audit_log_append_only before update on audit_log
      for each row execute function refuse_change()`,
    `create trigger audit_log_never_truncated before truncate on audit_log
      for each statement execute function refuse_change()`,
    // Whoever has the coordinator's role cannot make the last week disappear.
    `create function refuse_unforgettable() returns trigger language plpgsql as $$
      begin
        if old.position > (select position from audit_head)
          or old.timestamp > extract(epoch from now()) * 1000 - 7 * 86400000
        then
          raise exception 'audit_log forgets from its beginning, and nothing younger than a week'
            using errcode = 'restrict_violation';
        end if;
        return old;
      end
    $$`,
    `create trigger audit_log_forgets_old before delete on audit_log
      for each row execute function refuse_unforgettable()`,
  ],
  [`drop table audit_log`, `drop function refuse_unforgettable()`, `drop table audit_head`],
);
