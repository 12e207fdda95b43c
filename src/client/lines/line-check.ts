/** Judges a worker's line by what this side saw: its own clock, the bytes it sent, the text it received. Pure. */
import { type Micro, parseCredits } from "../../protocol/credits.ts";
import { limits } from "../../protocol/limits.ts";
import { costOf, type Rate } from "../../protocol/price.ts";
import { type Line, lineSchema } from "../../protocol/receipt.ts";
import type { RevealedSecret } from "../../protocol/secrets.ts";

/** What was seen of one request. */
export interface Observation {
  /** From sending the request to the line's arrival. */
  elapsedMs: number;
  /** UTF-8 bytes of the request's body. */
  sentBytes: number;
  /** UTF-8 bytes of delta text. A token is at least one byte of it. */
  textBytes: number;
}

/** What was seen of a request whose line came in its stream: there, and only there, it is known what it must name. */
export interface AnsweredObservation extends Observation {
  /** Of what we sent and received, as a line states it. */
  wireHashes: { request: string; response: string };
}

export interface Figures {
  billed_ms: number;
  prompt_tokens: number;
  completion_tokens: number;
}

export type Judgement =
  /** No line, or not of this request: nothing in it counts. */
  | { verdict: "refused" }
  | { verdict: "ok"; line: Line; figures: Figures; tokensGraceUsed: number }
  | { verdict: "differs"; line: Line; figures: Figures; tokensGraceUsed: 0 };

/** Our own upper bounds. */
export const boundsOf = ({ elapsedMs, sentBytes, textBytes }: Observation): Figures => ({
  billed_ms: Math.ceil(elapsedMs) + limits.acknowledgedMsGrace,
  prompt_tokens: sentBytes,
  completion_tokens: textBytes,
});

/** @param tokensGrace tokens by which lines of this ticket may still exceed what was seen */
export function judgeLine(
  received: unknown,
  secret: RevealedSecret,
  rate: Rate,
  seen: AnsweredObservation,
  tokensGrace: number,
): Judgement {
  const parsed = lineSchema.safeParse(received);
  if (!parsed.success) return { verdict: "refused" };
  const line = parsed.data;
  if (!isOf(line, secret) || !isAbout(line, seen)) return { verdict: "refused" };
  const bounds = boundsOf(seen);
  // Templates and end marks are tokens that nobody sees as text; the grace is for them.
  const excess =
    Math.max(0, line.prompt_tokens - bounds.prompt_tokens) +
    Math.max(0, line.completion_tokens - bounds.completion_tokens);
  const isWithin = line.billed_ms <= bounds.billed_ms && excess <= tokensGrace;
  if (!isWithin || parseCredits(line.cost) > fairCost(line, rate))
    return { verdict: "differs", line, figures: bounds, tokensGraceUsed: 0 };
  const figures = {
    billed_ms: bounds.billed_ms,
    prompt_tokens: Math.max(bounds.prompt_tokens, line.prompt_tokens),
    completion_tokens: Math.max(bounds.completion_tokens, line.completion_tokens),
  };
  return { verdict: "ok", line, figures, tokensGraceUsed: excess };
}

const isOf = (line: Line, { k, x, path }: RevealedSecret) =>
  line.k === k && line.x === x && line.path.every((hash, height) => hash === path[height]);

/**
 * A line over other bytes accounts for another request or another answer, as one with another secret does. It does not
 * "differ": that would pay the lower of two figures for work of which nobody has said that it is this.
 */
const isAbout = ({ request_hash, response_hash }: Line, { wireHashes }: AnsweredObservation) =>
  request_hash === wireHashes.request && response_hash === wireHashes.response;

const fairCost = (line: Line, rate: Rate): Micro =>
  costOf(
    {
      billedMs: line.billed_ms,
      promptTokens: line.prompt_tokens,
      completionTokens: line.completion_tokens,
    },
    rate,
  );

/** The most that a request may have cost whose line never came. */
export function mostCost(seen: Observation, rate: Rate): Micro {
  const bounds = boundsOf(seen);
  return costOf(
    {
      billedMs: bounds.billed_ms,
      promptTokens: bounds.prompt_tokens,
      completionTokens: bounds.completion_tokens,
    },
    rate,
  );
}
