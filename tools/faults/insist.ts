/** Doing a thing again until it works, as outboxes do, and counting how often that was needed. */
import { setTimeout as pause } from "node:timers/promises";
import { TroopError } from "../../src/protocol/error-codes.ts";

export interface Retries {
  /** Calls that failed at least once. */
  retried: number;
  /** Of those, how many were answered in the end. */
  converged: number;
}

const passing: ReadonlySet<string> = new Set([
  ...["coordinator_unreachable", "ledger_unavailable", "timeout", "node_unknown"],
  ...["no_nodes_available", "model_not_found", "clock_skew", "stale_heartbeat"],
]);
const pauseMs = 25;

/** Rejects only with what no waiting mends. */
export async function insist<Result>(
  retries: Retries,
  work: () => Promise<Result>,
): Promise<Result> {
  for (let isFirst = true; ; isFirst = false) {
    try {
      const result = await work();
      if (!isFirst) retries.converged += 1;
      return result;
    } catch (error) {
      if (!(error instanceof TroopError) || !passing.has(error.code)) throw error;
      if (isFirst) retries.retried += 1;
      await pause(pauseMs);
    }
  }
}
