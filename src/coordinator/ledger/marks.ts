/** Marks: requests on which the two sides did not agree, counted against both, whoever was right. Pure. */
import type { RequestRow } from "./book.ts";

/** Of how many of an account's latest requests marks are counted. */
export const markedRequests = 50;

/** One request that has its receipt, seen from one of its sides. */
export interface MarkedRequest {
  /** The account on the other side. */
  other: string;
  row: RequestRow;
}

export interface Marks {
  requests: number;
  marked: number;
  /** Distinct others among the marked: one who quarrels with everybody weighs more than two who quarrel. */
  counterparties: number;
}

/** True where the requester disputed it, now or later, or agreed to another line than the one that came. */
export function isMarked({ receipt, acknowledgement, dispute }: RequestRow): boolean {
  if (dispute) return true;
  if (!receipt || !acknowledgement) return false;
  const { verdict, seen } = acknowledgement;
  if (verdict !== "ok" || !seen) return true;
  return (
    seen.lineHash !== receipt.lineHash ||
    receipt.billedMs > seen.billedMs ||
    receipt.promptTokens > seen.promptTokens ||
    receipt.completionTokens > seen.completionTokens
  );
}

export function marksOf(latest: readonly MarkedRequest[]): Marks {
  const marked = latest.filter(({ row }) => isMarked(row));
  return {
    requests: latest.length,
    marked: marked.length,
    counterparties: new Set(marked.map(({ other }) => other)).size,
  };
}
