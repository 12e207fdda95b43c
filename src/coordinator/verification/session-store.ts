/** SQL of trials and their sessions. Each step of a session is one statement that finds it in the state before, or does nothing. */
import { sql } from "kysely";
import type { RowPlace } from "../../protocol/hardware-proof/opening.ts";
import type { ProvingDevice } from "../../protocol/hardware-proof/wire.ts";
import { reaching, type Database } from "../database.ts";
import type { DueReason } from "./policy.ts";
import type { TaskSize } from "./ramp.ts";

export interface Trial {
  id: string;
  round: string;
  node: string;
  reason: DueReason;
  /** Others are tried at the same instants. */
  joint: boolean;
  startsAt: number;
  endsAt: number;
}

export const sessionOutcomes = ["passed", "wrong", "late", "gave_up"] as const;
export type SessionOutcome = (typeof sessionOutcomes)[number];

export interface Session {
  id: string;
  trial: string;
  number: number;
  node: string;
  /** What is computed; another kind has sizes of its own. */
  kind: "chain";
  seed: string;
  size: TaskSize;
  issuedAt: number;
  state: "issued" | "committed" | "checking" | "ended";
  root: string | null;
  asked: RowPlace[] | null;
  spanMs: number | null;
  device: ProvingDevice | null;
  outcome: SessionOutcome | null;
}

const sessionColumns = sql.raw(
  `id, trial, number, node, kind, seed, size, issued_ms, state, root, asked, span_ms as "spanMs", device, outcome`,
);
type SessionRecord = Omit<Session, "issuedAt"> & { issued_ms: bigint };
const readSession = ({ issued_ms, ...row }: SessionRecord): Session => ({
  ...row,
  issuedAt: Number(issued_ms),
});

/** The trial of a node that has no verdict yet. */
export async function findOpenTrial(database: Database, node: string): Promise<Trial | undefined> {
  const { rows } = await reaching(() =>
    sql<Omit<Trial, "startsAt" | "endsAt"> & { starts_ms: bigint; ends_ms: bigint }>`
      select id, round, node, reason, joint, starts_ms, ends_ms from hardware_trial
      where node = ${node} and outcome is null
    `.execute(database),
  );
  if (!rows[0]) return undefined;
  const { starts_ms, ends_ms, ...trial } = rows[0];
  return { ...trial, startsAt: Number(starts_ms), endsAt: Number(ends_ms) };
}

/** In order. */
export async function findSessions(database: Database, trial: string): Promise<Session[]> {
  const { rows } = await reaching(() =>
    sql<SessionRecord>`
      select ${sessionColumns} from hardware_session where trial = ${trial} order by number
    `.execute(database),
  );
  return rows.map(readSession);
}

export async function findSession(database: Database, id: string): Promise<Session | undefined> {
  const { rows } = await reaching(() =>
    sql<SessionRecord>`select ${sessionColumns} from hardware_session where id = ${id}`.execute(
      database,
    ),
  );
  return rows[0] && readSession(rows[0]);
}

export type NewSession = Pick<
  Session,
  "id" | "trial" | "number" | "node" | "kind" | "seed" | "size" | "issuedAt"
>;

/** False where another beat of the node was faster. */
export async function insertSession(database: Database, session: NewSession): Promise<boolean> {
  const { id, trial, number, node, kind, seed, size, issuedAt } = session;
  const { numAffectedRows } = await reaching(() =>
    sql`
      insert into hardware_session (id, trial, number, node, kind, seed, size, issued_ms, state)
      values (${id}, ${trial}, ${number}, ${node}, ${kind}, ${seed}, ${JSON.stringify(size)}::jsonb,
        ${issuedAt}::bigint, 'issued')
      on conflict do nothing
    `.execute(database),
  );
  return numAffectedRows === 1n;
}

/** The challenge has left, by the database's clock: for a commitment that comes in at another replica. */
export async function writePushed(database: Database, id: string): Promise<void> {
  await reaching(() =>
    sql`
      update hardware_session set pushed_ms = extract(epoch from clock_timestamp()) * 1000
      where id = ${id}
    `.execute(database),
  );
}

export interface Commitment {
  root: string;
  asked: readonly RowPlace[];
  device: ProvingDevice;
  /** Undefined where another replica pushed the challenge: then the database's clock counts. */
  spanMs: number | undefined;
}

/** What it took, ms; undefined where it is no session of this node that waits for a commitment. */
export async function writeCommitment(
  database: Database,
  session: { id: string; node: string },
  { root, asked, device, spanMs }: Commitment,
): Promise<number | undefined> {
  const { rows } = await reaching(() =>
    sql<{ spanMs: number }>`
      update hardware_session set state = 'committed', root = ${root},
        asked = ${JSON.stringify(asked)}::jsonb, device = ${JSON.stringify(device)}::jsonb,
        span_ms = greatest(0.001, coalesce(
          ${spanMs ?? null}::double precision, extract(epoch from clock_timestamp()) * 1000 - pushed_ms))
      where id = ${session.id} and node = ${session.node} and state = 'issued'
        and (pushed_ms is not null or ${spanMs ?? null}::double precision is not null)
      returning span_ms as "spanMs"
    `.execute(database),
  );
  return rows[0]?.spanMs;
}

/** The session that is checked from now on; undefined where it does not wait for an opening. */
export async function claimCheck(
  database: Database,
  session: { id: string; node: string },
  issuedSince: number,
): Promise<Session | undefined> {
  const { rows } = await reaching(() =>
    sql<SessionRecord>`
      update hardware_session set state = 'checking'
      where id = ${session.id} and node = ${session.node} and state = 'committed'
        and issued_ms >= ${issuedSince}::bigint
      returning ${sessionColumns}
    `.execute(database),
  );
  return rows[0] && readSession(rows[0]);
}

/** It could not be checked, for a reason of ours: the opening may be sent again. */
export async function releaseCheck(database: Database, id: string): Promise<void> {
  await reaching(() =>
    sql`
      update hardware_session set state = 'committed' where id = ${id} and state = 'checking'
    `.execute(database),
  );
}

/** @param from only where it is in one of these states. False where it was not */
export async function endSession(
  database: Database,
  id: string,
  from: readonly Exclude<Session["state"], "ended">[],
  outcome: SessionOutcome,
): Promise<boolean> {
  const { numAffectedRows } = await reaching(() =>
    sql`
      update hardware_session set state = 'ended', outcome = ${outcome}
      where id = ${id} and state = any(${from}::text[])
    `.execute(database),
  );
  return numAffectedRows === 1n;
}
