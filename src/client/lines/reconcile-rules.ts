/** What to say of a line that never arrived here but stands in the account's history, by our own record. Pure. */
import { z } from "zod";
import { type Micro, parseCredits } from "../../protocol/credits.ts";
import type { HistoryEntry } from "../../protocol/endpoints.ts";
import { limits } from "../../protocol/limits.ts";
import type { AcknowledgedLine } from "../../protocol/receipt.ts";
import type { Figures } from "./line-check.ts";

/** A request of ours whose line did not arrive. */
export interface OpenRecord {
  hold: string;
  k: number;
  /** Coordinator time, ms. */
  started: number;
  /**
   * - `no_line`: the answer broke off, or the node said that it charges nothing;
   * - `gone`: the application went away, and with it we;
   * - `lost`: this process was killed meanwhile; of what had arrived by then nothing is known.
   */
  outcome: "no_line" | "gone" | "lost";
  /** Our upper bounds; null where they are not known. */
  billedMs: number | null;
  promptTokens: number | null;
  completionTokens: number | null;
}

const vestingMetadata = z.object({
  line_hash: z.string(),
  billed_ms: z.int().nonnegative(),
  prompt_tokens: z.int().nonnegative(),
  completion_tokens: z.int().nonnegative(),
});

/** What the history says of one of our requests. */
export type Finding =
  /** Nobody's word but the node's: it is for us to speak. */
  | { kind: "vesting"; line: z.infer<typeof vestingMetadata>; receivedAt: number }
  /** Settled without us: it cost nothing, or its day is over, or it was acknowledged after all. */
  | { kind: "over" };

export function findingOf({ metadata, created_at }: HistoryEntry): Finding {
  if (metadata.state !== "vesting" || metadata.verdict !== null) return { kind: "over" };
  const line = vestingMetadata.safeParse(metadata);
  return line.success
    ? { kind: "vesting", line: line.data, receivedAt: created_at }
    : { kind: "over" };
}

/** What it cost, as far as that is known; undefined before the node's receipt is there. */
export const chargeIn = ({ amount, metadata }: HistoryEntry): Micro | undefined =>
  metadata.billed_ms === null ? undefined : parseCredits(amount.replace("-", ""));

/**
 * @param restartedAt when this process began, coordinator time in ms: nothing arrived between a kill and that
 * @param tokensGrace tokens by which lines of this hold may still exceed what was seen
 */
export function wordOn(
  record: OpenRecord,
  { line, receivedAt }: Extract<Finding, { kind: "vesting" }>,
  restartedAt: number,
  tokensGrace: number,
): { line: AcknowledgedLine; tokensGraceUsed: number } {
  const { k, outcome } = record;
  if (outcome === "no_line" && record.completionTokens === 0)
    return { line: { k, verdict: "not_received" }, tokensGraceUsed: 0 };
  const bounds = boundsOf(record, line, Math.min(restartedAt, receivedAt));
  const excess =
    Math.max(0, line.prompt_tokens - bounds.prompt_tokens) +
    Math.max(0, line.completion_tokens - bounds.completion_tokens);
  const { line_hash } = line;
  if (line.billed_ms > bounds.billed_ms || excess > tokensGrace)
    return { line: { k, verdict: "differs", line_hash, ...bounds }, tokensGraceUsed: 0 };
  const figures = {
    billed_ms: bounds.billed_ms,
    prompt_tokens: Math.max(bounds.prompt_tokens, line.prompt_tokens),
    completion_tokens: Math.max(bounds.completion_tokens, line.completion_tokens),
  };
  return { line: { k, verdict: "ok", line_hash, ...figures }, tokensGraceUsed: excess };
}

/** @param latest by when the request was over at the latest, coordinator time in ms */
function boundsOf(record: OpenRecord, line: Figures, latest: number): Figures {
  const { started, billedMs, promptTokens, completionTokens } = record;
  const longest = Math.max(0, latest - started) + limits.acknowledgedMsGrace;
  return {
    billed_ms: billedMs ?? longest,
    prompt_tokens: promptTokens ?? line.prompt_tokens,
    // What a killed process had been sent nobody can say; time bounds it all the same.
    completion_tokens: completionTokens ?? line.completion_tokens,
  };
}
