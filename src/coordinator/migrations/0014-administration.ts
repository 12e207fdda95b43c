/**
 * What operators do: who they are, whom they cut off, and whose personal data they delete. A transfer stays as it is,
 * but for its memo, which is somebody's own words: it can be forgotten, and only by the function that does just that.
 */
import { migrationOf } from "./statements.ts";

export const administration = migrationOf(
  [
    `create table operator (
      name text primary key,
      role text not null check (role in ('viewer', 'operator', 'treasurer')),
      password text not null,
      created_ms bigint not null,
      created_by text not null
    )`,
    `alter table account add column revoked_ms bigint, add column deleted_ms bigint,
      add constraint account_deleted_is_revoked check (deleted_ms is null or revoked_ms is not null)`,
    `alter table account_key alter column jwk drop not null`,
    `alter table node alter column jwk drop not null,
      add column revoked_ms bigint, add column quarantined_ms bigint not null default 0`,
    `create index account_latest on account (created_ms desc, id desc) where kind = 'user'`,
    `create index node_latest on node (enrolled_ms desc, id desc)`,
    `create index invite_latest on invite (created_ms desc, id desc)`,
    `create index invite_of_account on invite (account) where account is not null`,
    `create index transfer_granted on transfer (created_ms desc)
      where kind = 'grant' and debit = 'issuance'`,
    `drop trigger transfer_append_only on transfer`,
    `create function refuse_transfer_change() returns trigger language plpgsql as $$
      begin
        if tg_op = 'UPDATE' and new.memo is null and to_jsonb(new) - 'memo' = to_jsonb(old) - 'memo'
        then
          return new;
        end if;
        raise exception 'transfer is append-only, but for its memo' using errcode = 'restrict_violation';
      end
    $$`,
    `create trigger transfer_append_only before update or delete on transfer
      for each row execute function refuse_transfer_change()`,
    `create function forget_memos(party text) returns bigint language sql security definer
      set search_path = public, pg_temp
      begin atomic
        with forgotten as (
          update transfer set memo = null
          where (debit = party or credit = party) and memo is not null
            and (kind = 'gift' or kind = 'grant' and debit = 'issuance')
          returning 1
        ) select count(*) from forgotten;
      end`,
    `revoke execute on function forget_memos(text) from public`,
  ],
  [
    // A deleted account would be one that was never deleted.
    `do $$ begin
      if exists (select from account where deleted_ms is not null) then
        raise exception 'accounts were deleted here: that cannot be taken back' using errcode = 'restrict_violation';
      end if;
    end $$`,
    `drop function forget_memos(text)`,
    `drop trigger transfer_append_only on transfer`,
    `drop function refuse_transfer_change()`,
    `create trigger transfer_append_only before update or delete on transfer
      for each row execute function refuse_change()`,
    `drop index transfer_granted`,
    `drop index invite_of_account`,
    `drop index invite_latest`,
    `drop index node_latest`,
    `drop index account_latest`,
    `alter table node drop column quarantined_ms, drop column revoked_ms, alter column jwk set not null`,
    `alter table account_key alter column jwk set not null`,
    `alter table account drop column deleted_ms cascade, drop column revoked_ms`,
    `drop table operator`,
  ],
);
