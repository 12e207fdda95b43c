/**
 * What an engine is sent: the request's own fields as `protocol/chat.ts` let them through, and what the worker decides.
 * Pure.
 */
import { type InferencePath, isContinuation } from "../../protocol/chat.ts";
import type { Micro } from "../../protocol/credits.ts";
import { limits } from "../../protocol/limits.ts";
import type { Rate } from "../../protocol/price.ts";
import type { Offer } from "../catalogue-offers.ts";
import type { Engine } from "../engines/engine.ts";

export interface EngineBodyParts {
  path: InferencePath;
  fields: Readonly<Record<string, unknown>>;
  /** UTF-8 bytes of the prompt's text. */
  promptBytes: number;
  /** Tokens of an answer that can be paid for; Infinity where nothing bounds them. */
  payableTokens: number;
  /** What keeps this requester's prompts apart in a cache. */
  salt: () => string;
}

/** A worker always streams and asks for usage: that is what it meters by. */
export function engineBody(
  { path, fields, promptBytes, payableTokens, salt }: EngineBodyParts,
  {
    engine,
    model,
    ownName,
  }: Pick<Offer, "model" | "ownName"> & {
    engine: Pick<Engine, "saltField" | "prefillFields">;
  },
): string {
  if (path === "/v1/embeddings") return JSON.stringify({ ...fields, model: ownName });
  const { saltField, prefillFields } = engine;
  // Engines have their own words for it.
  const { continue_final_message: _asked, ...own } = fields;
  return JSON.stringify({
    ...own,
    ...(isContinuation(fields) && prefillFields),
    ...tokenLimits(fields, { payableTokens, promptBytes, context: model.context_length }),
    model: ownName,
    stream: true,
    stream_options: { include_usage: true },
    ...(saltField && { [saltField]: salt() }),
  });
}

interface TokenBounds {
  payableTokens: number;
  promptBytes: number;
  /** Tokens; undefined where the engine does not say. */
  context: number | undefined;
}

const limitFields = ["max_tokens", "max_completion_tokens"] as const;

/** An engine that knows how much is wanted at most does not compute, or reserve, what nobody pays for. */
function tokenLimits(
  fields: Readonly<Record<string, unknown>>,
  { payableTokens, promptBytes, context = Infinity }: TokenBounds,
): Readonly<Record<string, number>> {
  const most = Math.min(payableTokens, context);
  const given = limitFields.flatMap((name) => {
    const value = fields[name];
    return typeof value === "number" ? [[name, Math.min(value, most)] as const] : [];
  });
  if (given.length > 0) return Object.fromEntries(given);
  // Some engines refuse a limit that does not fit behind the prompt: half is left to templates and images. Where the
  // context would end the answer first, the engine's own rule is the better one.
  return 2 * (payableTokens + promptBytes) <= context && context < Infinity
    ? { max_tokens: payableTokens }
    : {};
}

/**
 * How long an answer the rest of a budget can pay for. The lesser of time and tokens is charged, so it is the longer of
 * what either allows, by time at the speed of the quickest engine: no answer is cut that could have been paid.
 * @param left what is not spent yet
 * @param maxSeconds longest time of a request
 * @returns a positive integer, or Infinity
 */
export function payableTokensOf(
  left: Micro,
  { perSecond, perCompletionToken }: Rate,
  maxSeconds: number,
): number {
  const pico = left * 1_000_000n;
  if (perCompletionToken === 0n || perSecond * BigInt(maxSeconds) <= pico) return Infinity;
  const byTokens = pico / perCompletionToken;
  const byTime = (pico * BigInt(limits.tokensPerSecondMost)) / perSecond;
  return Math.max(1, Number(byTokens > byTime ? byTokens : byTime));
}
