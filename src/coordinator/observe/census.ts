/** Who is there now, counted. Pure. */
import type { NodeStatus } from "../../protocol/node.ts";
import { isListed, type HeldLease } from "../registry/lease.ts";

export interface Census {
  nodes: Map<NodeStatus, number>;
  /** Names of models that are offered. */
  models: number;
}

export function censusOf(live: readonly HeldLease[], now: number): Census {
  const byStatus = Map.groupBy(live, ({ lease }) => lease.status);
  const offered = live.flatMap(({ lease, snapshot }) =>
    isListed(lease, now) ? (snapshot?.models ?? []) : [],
  );
  return {
    nodes: new Map([...byStatus].map(([status, leases]) => [status, leases.length])),
    models: new Set(offered.map(({ name }) => name)).size,
  };
}
