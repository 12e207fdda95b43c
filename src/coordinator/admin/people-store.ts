/** SQL of what operators see of accounts and nodes, newest first. */
import { sql } from "kysely";
import type { Place } from "../../protocol/admin.ts";
import type { Micro } from "../../protocol/credits.ts";
import type { Provenance } from "../../protocol/hardware-proof/wire.ts";
import { reaching, type Database } from "../database.ts";
import { vestingPrefix } from "../ledger/account-names.ts";

/** Times are coordinator time, ms. */
export interface ListedUser {
  id: string;
  at: number;
  posted: Micro;
  held: Micro;
  nonTransferable: Micro;
  vesting: Micro;
  keys: number;
  nodes: number;
  revokedAt: number | null;
  deletedAt: number | null;
}

export interface ListedNode {
  id: string;
  owner: string;
  at: number;
  multiplier: number;
  provenance: Provenance;
  quarantinedUntil: number;
  isRevoked: boolean;
}

const time = (ms: bigint | null): number | null => (ms === null ? null : Number(ms));

/** Which of them: from a place on, or one. */
export interface Wanted {
  before?: Place | undefined;
  id?: string | undefined;
}

const wanted = (at: "a.created_ms" | "n.enrolled_ms", row: "a.id" | "n.id", wish: Wanted) => sql`
  ${wish.before ? sql`and (${sql.ref(at)}, ${sql.ref(row)}) < (${wish.before.at}::bigint, ${wish.before.id})` : sql``}
  ${wish.id === undefined ? sql`` : sql`and ${sql.ref(row)} = ${wish.id}`}
  order by ${sql.ref(at)} desc, ${sql.ref(row)} desc
`;

export async function findUsers(
  database: Database,
  wish: Wanted,
  most: number,
): Promise<ListedUser[]> {
  type Row = Omit<ListedUser, "at" | "revokedAt" | "deletedAt"> &
    Record<"at", bigint> &
    Record<"revoked" | "deleted", bigint | null>;
  const { rows } = await reaching(() =>
    sql<Row>`
      select a.id, a.created_ms as at, a.posted, a.held, a.non_transferable as "nonTransferable",
        v.posted as vesting, a.revoked_ms as revoked, a.deleted_ms as deleted,
        (select count(*)::int from account_key k where k.account = a.id and k.revoked_ms is null) as keys,
        (select count(*)::int from node n where n.owner = a.id) as nodes
      from account a join account v on v.id = ${vestingPrefix} || a.id
      where a.kind = 'user' ${wanted("a.created_ms", "a.id", wish)} limit ${most}
    `.execute(database),
  );
  return rows.map(({ at, revoked, deleted, ...row }) => ({
    ...{ ...row, at: Number(at), revokedAt: time(revoked), deletedAt: time(deleted) },
  }));
}

/** @param owner of one account only */
export async function findNodes(
  database: Database,
  { owner, ...wish }: Wanted & { owner?: string | undefined },
  most: number,
): Promise<ListedNode[]> {
  type Row = Omit<ListedNode, "at" | "quarantinedUntil"> & Record<"at" | "until", bigint>;
  const { rows } = await reaching(() =>
    sql<Row>`
      select n.id, n.owner, n.enrolled_ms as at, n.multiplier,
        coalesce(h.provenance, 'unproven') as provenance,
        greatest(n.quarantined_ms, h.quarantined_ms) as until,
        coalesce(n.revoked_ms, a.revoked_ms) is not null as "isRevoked"
      from node n join account a on a.id = n.owner left join hardware h on h.node = n.id
      where true ${owner === undefined ? sql`` : sql`and n.owner = ${owner}`}
        ${wanted("n.enrolled_ms", "n.id", wish)} limit ${most}
    `.execute(database),
  );
  return rows.map(({ at, until, ...row }) => ({
    ...{ ...row, at: Number(at), quarantinedUntil: Number(until) },
  }));
}
