/** SQL of comparisons between nodes: how long real requests are, and what was found. */
import { sql } from "kysely";
import { reaching, type Database } from "../database.ts";

/** Of one request, in tokens. */
export interface RequestLength {
  prompt: number;
  answer: number;
}

/** What a comparison found of a node. */
export interface FoundConsistency {
  node: string;
  model: string;
  digest: string;
  verdict: "consistent" | "inconsistent";
  prompts: number;
  peers: number;
  agreement: number;
}

const lengthsOfNode = 20;
const lengthsMost = 500;

/** Of the latest answered requests of all nodes, from their lines, which say nothing of content. */
export async function readLengths(database: Database): Promise<RequestLength[]> {
  const { rows } = await reaching(() =>
    sql<RequestLength>`
      select r.prompt_tokens as prompt, r.completion_tokens as answer
      from node n cross join lateral (
        select r.* from hold h join request r on r.hold = h.id
        where h.node = n.id and h.account <> h.payee and r.completion_tokens > 0
          and r.finish in ('stop', 'length')
        order by h.opened_ms desc limit ${lengthsOfNode}
      ) r
      order by r.received_ms desc limit ${lengthsMost}
    `.execute(database),
  );
  return rows;
}

/** The latest comparison of a node's model is the one that counts. */
export async function writeConsistency(
  database: Database,
  found: readonly FoundConsistency[],
  now: number,
): Promise<void> {
  const rows = found.map((finding) => ({ ...finding, found_ms: now }));
  await reaching(() =>
    sql`
      insert into consistency
      select * from jsonb_populate_recordset(null::consistency, ${JSON.stringify(rows)}::jsonb)
      on conflict (node, model, digest) do update set
        (verdict, prompts, peers, agreement, found_ms) = (excluded.verdict, excluded.prompts,
          excluded.peers, excluded.agreement, excluded.found_ms)
    `.execute(database),
  );
}
