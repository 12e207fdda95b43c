/** SQL of the audit log: rows are added at the chain's end, read, and forgotten from its beginning. */
import { sql } from "kysely";
import type { AuditEntry, AuditMark, AuditQuery, AuditRow } from "../../protocol/audit.ts";
import { reaching, transact, type Database, type Tx } from "../database.ts";
import { seal, type PrintedEntry, type SealedEntry } from "./chain.ts";

/** One writer at a time, of all coordinators: a chain has one end. */
const chainLock = 0x6175_6469;

const lockChain = (tx: Tx) => sql`select pg_advisory_xact_lock(${chainLock}::bigint)`.execute(tx);

/**
 * Adds entries at the end of the chain, in order, and leaves out those that are there already.
 * @returns the chain's end
 */
export const appendEntries = (
  database: Database,
  entries: readonly AuditEntry[],
): Promise<AuditMark> =>
  transact(database, async (tx) => {
    await lockChain(tx);
    const tip = await readTip(tx);
    const rows = seal(tip, await printFresh(tx, entries));
    await sql`
      insert into audit_log
        (position, id, timestamp, event_type, user_id, ip_address, details, hash)
      select position, id, timestamp, event_type, user_id, ip_address, details::jsonb, hash
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as row (
        position bigint, id uuid, timestamp bigint, event_type text, user_id text, ip_address text,
        details text, hash text
      )
    `.execute(tx);
    const { position, hash } = rows.at(-1) ?? tip;
    return { position, hash };
  });

/** Those that are not in the log yet, with their details as the database prints them: that is what is sealed. */
async function printFresh(tx: Tx, entries: readonly AuditEntry[]): Promise<PrintedEntry[]> {
  const { rows } = await sql<{ id: string; details: string }>`
    select id, details::text
    from jsonb_to_recordset(${JSON.stringify(entries)}::jsonb) as entry (id uuid, details jsonb)
    where not exists (select from audit_log known where known.id = entry.id)
  `.execute(tx);
  const printed = new Map(rows.map(({ id, details }) => [id, details]));
  return entries.flatMap((entry) => {
    const details = printed.get(entry.id);
    printed.delete(entry.id);
    return details === undefined ? [] : [{ ...entry, details }];
  });
}

async function readTip(tx: Tx): Promise<AuditMark> {
  const { rows } = await sql<{ position: bigint; hash: string }>`
    (select position, hash from audit_log order by position desc limit 1)
    union all (select position, hash from audit_head)
    order by position desc limit 1
  `.execute(tx);
  const { position, hash } = rows[0]!;
  return { position: Number(position), hash };
}

type Stored<Row> = Omit<Row, "position" | "timestamp"> & { position: bigint; timestamp: bigint };
const numbered = <Row>(row: Stored<Row>) => ({
  ...row,
  position: Number(row.position),
  timestamp: Number(row.timestamp),
});

/** Newest first. @param most how many */
export async function readEvents(
  database: Database,
  { cursor, event_type: type, user_id: user }: Omit<AuditQuery, "limit">,
  most: number,
): Promise<AuditRow[]> {
  const { rows } = await reaching(() =>
    sql<Stored<AuditRow>>`
      select position, id, timestamp, event_type, user_id, ip_address, details, hash from audit_log
      where true
        ${cursor === undefined ? sql`` : sql`and position < ${cursor}::bigint`}
        ${type === undefined ? sql`` : sql`and event_type = ${type}`}
        ${user === undefined ? sql`` : sql`and user_id = ${user}`}
      order by position desc limit ${most}
    `.execute(database),
  );
  return rows.map((row) => numbered<AuditRow>(row));
}

export async function readHead(tx: Tx): Promise<AuditMark> {
  const { rows } = await sql<{ position: bigint; hash: string }>`
    select position, hash from audit_head
  `.execute(tx);
  return { position: Number(rows[0]!.position), hash: rows[0]!.hash };
}

/** In the chain's order. @param after a position: rows behind it */
export async function readChain(tx: Tx, after: number, most: number): Promise<SealedEntry[]> {
  const { rows } = await sql<Stored<SealedEntry>>`
    select position, id, timestamp, event_type, user_id, ip_address, details::text, hash
    from audit_log where position > ${after}::bigint order by position limit ${most}
  `.execute(tx);
  return rows.map((row) => numbered<SealedEntry>(row));
}

/** Which of `entries` the log has, with the same content and not. */
export async function compareEntries(
  tx: Tx,
  entries: readonly AuditEntry[],
): Promise<Map<string, { position: number; isSame: boolean }>> {
  const { rows } = await sql<{ id: string; position: bigint; same: boolean }>`
    select log.id, log.position,
      (log.timestamp, log.event_type, log.details) = (e.timestamp, e.event_type, e.details)
        and log.user_id is not distinct from e.user_id
        and log.ip_address is not distinct from e.ip_address as same
    from jsonb_to_recordset(${JSON.stringify(entries)}::jsonb) as e (
      id uuid, timestamp bigint, event_type text, user_id text, ip_address text, details jsonb
    ) join audit_log log on log.id = e.id
  `.execute(tx);
  return new Map(
    rows.map(({ id, position, same }) => [id, { position: Number(position), isSame: same }]),
  );
}

/** How many rows one transaction forgets. */
const batch = 2_000;

/**
 * Forgets the chain's beginning as far as it is older than `before` (ms), and keeps the hash that what is left begins
 * behind: one batch of it.
 */
export const forgetBefore = (database: Database, before: number): Promise<{ isDone: boolean }> =>
  transact(database, async (tx) => {
    await lockChain(tx);
    const oldest = await readChain(tx, 0, batch);
    const kept = oldest.findIndex(({ timestamp }) => timestamp >= before);
    const last = oldest.at(kept === -1 ? -1 : kept - 1);
    if (kept === 0 || !last) return { isDone: true };
    await sql`
      update audit_head set position = ${last.position}::bigint, hash = ${last.hash}
    `.execute(tx);
    await sql`delete from audit_log where position <= ${last.position}::bigint`.execute(tx);
    return { isDone: kept !== -1 || oldest.length < batch };
  });
