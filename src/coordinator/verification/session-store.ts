/** SQL of the sessions of trials. Each step of a session is one statement that finds it in the state before, or does nothing. */
import { sql } from "kysely";
import type { MemorySize } from "../../protocol/hardware-proof/memory.ts";
import type { RowPlace } from "../../protocol/hardware-proof/opening.ts";
import type { ProvingDevice } from "../../protocol/hardware-proof/wire.ts";
import { reaching, type Database } from "../database.ts";
import type { TaskSize } from "./ramp.ts";

export const sessionOutcomes = ["passed", "wrong", "late", "gave_up"] as const;
export type SessionOutcome = (typeof sessionOutcomes)[number];

/** `together`: at the instant at which the others of the round walk too. */
export type WalkSize = MemorySize & { together: boolean };

/** What is computed: each kind with its own sizes, and its own things to show. */
type Work =
  | { kind: "chain"; seed: string; size: TaskSize; walkSeed: null; asked: RowPlace[] | null }
  | { kind: "memory"; seed: string; size: WalkSize; walkSeed: string; asked: number[] | null };

interface Course {
  id: string;
  trial: string;
  number: number;
  node: string;
  /** Of memory, once its walk is told: when that was. */
  issuedAt: number;
  state: "issued" | "walking" | "committed" | "checking" | "ended";
  root: string | null;
  spanMs: number | null;
  device: ProvingDevice | null;
  outcome: SessionOutcome | null;
}

export type ChainSession = Course & Extract<Work, { kind: "chain" }>;
export type MemorySession = Course & Extract<Work, { kind: "memory" }>;
export type Session = ChainSession | MemorySession;

const sessionColumns = sql.raw(
  `id, trial, number, node, kind, seed, walk_seed as "walkSeed", size, issued_ms, state, root, asked,
    span_ms as "spanMs", device, outcome`,
);
type SessionRecord = Omit<Course, "issuedAt"> & Work & { issued_ms: bigint };
const readSession = ({ issued_ms, ...row }: SessionRecord): Session => ({
  ...row,
  issuedAt: Number(issued_ms),
});

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

export type NewSession = Pick<Course, "id" | "trial" | "number" | "node" | "issuedAt"> &
  Pick<Session, "kind" | "seed" | "walkSeed" | "size">;

/** False where another beat of the node was faster. */
export async function insertSession(database: Database, session: NewSession): Promise<boolean> {
  const { id, trial, number, node, kind, seed, walkSeed, size, issuedAt } = session;
  const { numAffectedRows } = await reaching(() =>
    sql`
      insert into hardware_session
        (id, trial, number, node, kind, seed, walk_seed, size, issued_ms, state)
      values (${id}, ${trial}, ${number}, ${node}, ${kind}, ${seed}, ${walkSeed},
        ${JSON.stringify(size)}::jsonb, ${issuedAt}::bigint, 'issued')
      on conflict do nothing
    `.execute(database),
  );
  return numAffectedRows === 1n;
}

/** The walk is told now, and once. False where it was told already, or the session is over. */
export async function writeTold(database: Database, id: string, now: number): Promise<boolean> {
  const { numAffectedRows } = await reaching(() =>
    sql`
      update hardware_session set state = 'walking', issued_ms = ${now}::bigint
      where id = ${id} and kind = 'memory' and state = 'issued'
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
  asked: readonly RowPlace[] | readonly number[];
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
      where id = ${session.id} and node = ${session.node}
        and state = case kind when 'memory' then 'walking' else 'issued' end
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
