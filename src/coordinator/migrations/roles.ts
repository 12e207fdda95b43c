/**
 * Least privilege on PostgreSQL: a role for the coordinator, which can do what its statements do and no more, and one
 * for auditors, who read. Neither can change or remove a transfer, whatever the trigger on that table. Pure text; the
 * owner of the tables stays the one who migrates.
 */

/** What the coordinator does with each table; columns are named where only those ever change. */
const applicationGrants: Readonly<Record<string, readonly string[]>> = {
  account: [
    "select",
    "insert",
    "update (posted, held, non_transferable, starter_claimed_ms, starter_granted_ms, starter_prefix, revoked_ms, deleted_ms)",
  ],
  account_key: ["select", "insert", "update (revoked_ms, jwk)"],
  node: [
    "select",
    "insert",
    "update (owner, multiplier, hmac_receipts, jwk, revoked_ms, quarantined_ms)",
  ],
  hardware: ["select", "insert", "update"],
  hardware_trial: [
    "select",
    "insert",
    "update (ready, outcome, came_to, found, walks_ms)",
    "delete",
  ],
  hardware_session: ["select", "insert", "update", "delete"],
  hardware_verdict: ["select", "insert"],
  presence: ["select", "insert", "update", "delete"],
  consistency: ["select", "insert", "update", "delete"],
  invite: ["select", "insert", "update (account, used_ms)", "delete"],
  starter_draw: ["select", "insert", "update (drawn)", "delete"],
  hold: ["select", "insert", "update (captured, state, closed_ms, closing_numbers)"],
  request: ["select", "insert", "update"],
  statement: ["select", "insert"],
  transfer: ["select", "insert"],
  operator: ["select", "insert", "update (role, password)", "delete"],
  audit_log: ["select", "insert", "delete"],
  audit_head: ["select", "update (position, hash)"],
  tariff: ["select", "insert", "update"],
  service: ["select", "insert", "update"],
  job: ["select", "insert", "update"],
  ring_key: ["select", "insert", "delete"],
  kysely_migration: ["select"],
  kysely_migration_lock: ["select"],
};

/** Where auditors do not see all: no hashes of passwords, and of challenges that are open nothing that answers them. */
const auditorColumns: Readonly<Record<string, readonly string[]>> = {
  operator: ["name", "role", "created_ms", "created_by"],
  hardware_session: [
    ...["id", "trial", "number", "node", "kind", "size", "issued_ms", "pushed_ms", "state", "root"],
    ...["asked", "span_ms", "device", "outcome"],
  ],
};

export const tablesWithGrants: readonly string[] = Object.keys(applicationGrants);

export interface RoleNames {
  application: string;
  auditor: string;
}

/** Names that need no quoting. */
export const rolePrefix = /^[a-z_][a-z0-9_]{0,40}$/;

/** @param prefix as `rolePrefix` */
export const roleNames = (prefix: string): RoleNames => ({
  application: `${prefix}_application`,
  auditor: `${prefix}_auditor`,
});

/** Statements that make the roles where they are missing, and give them exactly this, in order. */
export function roleStatements({ application, auditor }: RoleNames): string[] {
  const make = [application, auditor].map(
    (role) => `do $$ begin
  if not exists (select from pg_roles where rolname = '${role}') then
    create role ${role} nologin;
  end if;
end $$`,
  );
  const both = `${application}, ${auditor}`;
  const grants = Object.entries(applicationGrants).flatMap(([table, privileges]) =>
    privileges.map((privilege) => `grant ${privilege} on ${table} to ${application}`),
  );
  return [
    ...make,
    `revoke all on all tables in schema public from ${both}`,
    `grant usage on schema public to ${both}`,
    ...grants,
    `grant execute on function forget_memos(text) to ${application}`,
    `grant select on all tables in schema public to ${auditor}`,
    ...Object.entries(auditorColumns).flatMap(([table, columns]) => [
      `revoke select on ${table} from ${auditor}`,
      `grant select (${columns.join(", ")}) on ${table} to ${auditor}`,
    ]),
    `alter role ${auditor} set default_transaction_read_only = on`,
  ];
}
