/** SQL of enrolled nodes. */
import { sql } from "kysely";
import type { Provenance, ProvenGpu } from "../../protocol/hardware-proof/wire.ts";
import type { PublicJwk } from "../../protocol/signature.ts";
import { reaching, transact, type Database } from "../database.ts";

export interface Node {
  id: string;
  owner: string;
  jwk: PublicJwk;
  /** Ten-thousandths. */
  multiplier: number;
  /** Whether it may send receipts by shared key. */
  hmacReceipts: boolean;
  /** Coordinator time, ms: until then it is not listed, by a verdict or by an operator. */
  quarantinedUntil?: number;
  /** An operator cut it off, or its owner's account. */
  isRevoked?: boolean;
  /** Where its multiplier comes from; absent in a node that never asked to be tried. */
  hardware?: NodeHardware | undefined;
}

/** Times are coordinator time, ms. */
export interface NodeHardware {
  provenance: Provenance;
  /** When it last passed. */
  provenAt: number | null;
  /** Proofs in a row that it did not give since. */
  missed: number;
  /** Until then it is not listed. */
  quarantinedUntil: number;
  /** From when on it is to be tried. */
  dueAt: number | null;
  /** It was away when it was to be tried with another: it is tried as soon as it is back, busy or not. */
  isOwed: boolean;
  /** The most memory that it has shown to hold, bytes, and when; null: nobody measured it. */
  memory: { bytes: number; at: number } | null;
  /** What each of its GPUs came to, of those that passed last; null: there was one. */
  gpus: ProvenGpu[] | null;
  /** Digest of what it last said it is made of. */
  stated: string | null;
  /** It is being tried. */
  isTried: boolean;
}

type NodeRecord = Omit<Node, "hardware" | "quarantinedUntil" | "isRevoked"> & {
  kept_out_ms: bigint;
  revoked: boolean;
  provenance: Provenance | null;
  proven_ms: bigint | null;
  missed: number;
  quarantined_ms: bigint;
  due_ms: bigint | null;
  owed: boolean;
  memory_bytes: bigint | null;
  memory_ms: bigint | null;
  gpus: ProvenGpu[] | null;
  stated: string | null;
  tried: boolean;
};

export async function findNode(database: Database, id: string): Promise<Node | undefined> {
  const { rows } = await reaching(() =>
    sql<NodeRecord>`
      select n.id, n.owner, n.jwk, n.multiplier, n.hmac_receipts as "hmacReceipts",
        greatest(n.quarantined_ms, h.quarantined_ms) as kept_out_ms,
        coalesce(n.revoked_ms, a.revoked_ms) is not null as revoked,
        h.provenance, h.proven_ms, h.missed, h.quarantined_ms, h.due_ms, h.stated,
        h.due_reason = 'owed' as owed, h.memory_bytes, h.memory_ms, h.gpus,
        exists (select from hardware_trial t where t.node = n.id and t.outcome is null) as tried
      from node n join account a on a.id = n.owner left join hardware h on h.node = n.id
      where n.id = ${id}
    `.execute(database),
  );
  return rows[0] && readNode(rows[0]);
}

const timeOf = (ms: bigint | null): number | null => (ms === null ? null : Number(ms));

function readNode(row: NodeRecord): Node {
  const { kept_out_ms, revoked: isRevoked, ...known } = row;
  const { provenance, proven_ms, missed, quarantined_ms, due_ms, stated, tried, ...others } = known;
  const { memory_bytes, memory_ms, gpus, owed, ...rest } = others;
  const node = { ...rest, isRevoked, quarantinedUntil: Number(kept_out_ms) };
  if (provenance === null) return node;
  const times = { provenAt: timeOf(proven_ms), dueAt: timeOf(due_ms) };
  const memory =
    memory_bytes === null ? null : { bytes: Number(memory_bytes), at: Number(memory_ms) };
  const course = { isTried: tried, isOwed: owed, ...times };
  const hardware = { provenance, missed, stated, memory, gpus, ...course };
  return { ...node, hardware: { ...hardware, quarantinedUntil: Number(quarantined_ms) } };
}

/** Binds a node to its owner. False where the owner has `most` nodes already. */
export const insertNode = (
  database: Database,
  node: Node,
  most: number,
  now: number,
): Promise<boolean> =>
  transact(database, async (tx) => {
    // The owner's row is the lock that keeps two enrolments from both being the last one allowed.
    await sql`select 1 from account where id = ${node.owner} for no key update`.execute(tx);
    const { rows } = await sql<{ others: bigint }>`
      select count(*) as others from node where owner = ${node.owner} and id <> ${node.id}
    `.execute(tx);
    if ((rows[0]?.others ?? 0n) >= BigInt(most)) return false;
    await sql`
      insert into node (id, owner, jwk, multiplier, hmac_receipts, enrolled_ms) values (
        ${node.id}, ${node.owner}, ${JSON.stringify(node.jwk)}::jsonb, ${node.multiplier}::int,
        ${node.hmacReceipts}, ${now}::bigint
      )
      on conflict (id) do update set owner = excluded.owner, hmac_receipts = excluded.hmac_receipts
    `.execute(tx);
    return true;
  });
