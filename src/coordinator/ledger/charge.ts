/** What a line costs, and what both sides' figures agree on. Pure. */
import { divideDown, parseCredits, type Micro } from "../../protocol/credits.ts";
import { limits } from "../../protocol/limits.ts";
import { costOf, type Rate, type Usage } from "../../protocol/price.ts";
import type { Line } from "../../protocol/receipt.ts";

const toleratedPercent = BigInt(limits.differenceShare * 100);

export const usageOf = (line: Line): Usage => ({
  billedMs: line.billed_ms,
  promptTokens: line.prompt_tokens,
  completionTokens: line.completion_tokens,
});

/** True where the client left before anything came: free, a few times a ticket. */
export const isFreeAbort = (line: {
  finish: string;
  completion_tokens: number;
  billed_ms: number;
}): boolean =>
  line.finish === "client_gone" &&
  line.completion_tokens === 0 &&
  line.billed_ms < limits.freeAbortMs;

/**
 * What a line may cost: recomputed by the rate, less where the worker claims less, never more.
 * @param freeAborts how many of the ticket's earlier lines were free aborts
 */
export function chargeOf(line: Line, rate: Rate, freeAborts: number): Micro {
  // A worker that died has produced nothing the requester can use.
  if (line.finish === "worker_error") return 0n;
  if (isFreeAbort(line) && freeAborts < limits.freeAbortsPerTicket) return 0n;
  const computed = costOf(usageOf(line), rate);
  const claimed = parseCredits(line.cost);
  return claimed < computed ? claimed : computed;
}

/**
 * What of `cost` both sides agree on. The client's figures are its upper bounds, graces included. A line within
 * them, or a cost that differs by less than the tolerated share, leaves the worker's cost standing.
 */
export function agreedCost(cost: Micro, worker: Usage, client: Usage, rate: Rate): Micro {
  const lower = costOf(
    {
      billedMs: Math.min(worker.billedMs, client.billedMs),
      promptTokens: Math.min(worker.promptTokens, client.promptTokens),
      completionTokens: Math.min(worker.completionTokens, client.completionTokens),
    },
    rate,
  );
  if (lower >= cost) return cost;
  const tolerated = divideDown(cost * toleratedPercent, 100n);
  return cost - lower <= tolerated ? cost : lower;
}
