/** SQL of enrolled nodes. */
import { sql } from "kysely";
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
}

export async function findNode(database: Database, id: string): Promise<Node | undefined> {
  const { rows } = await reaching(() =>
    sql<Node>`
      select id, owner, jwk, multiplier, hmac_receipts as "hmacReceipts" from node where id = ${id}
    `.execute(database),
  );
  return rows[0];
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
