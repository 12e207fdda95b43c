/** What a request may cost, before it is sent. Pure. */
import { divideUp, type Micro, picoToMicroUp } from "../../protocol/credits.ts";
import { type InferencePath, inferenceRoutes } from "../../protocol/chat.ts";
import type { Rate } from "../../protocol/price.ts";
import { promptBytes } from "../../protocol/prompt-size.ts";
import { imageTokens, mostAnswerTokens, needsOf } from "../routing/needs.ts";

/** A request's size, as far as it shows before it is answered. */
export interface Size {
  /** Of its prompt, estimated. */
  promptTokens: number;
  /** What it asks for at most; undefined where it does not say. */
  answerTokens: number | undefined;
  /** Bytes of its body: tokens of its prompt at the very most. */
  bodyBytes: number;
}

/** Fewer than most texts have, so that more is set aside rather than less. */
const bytesPerToken = 3;
/** For an answer whose length nobody bounded: longer than most. */
const usualAnswerTokens = 1_024;

export function sizeOf(
  path: InferencePath,
  fields: Readonly<Record<string, unknown>>,
  bodyBytes: number,
): Size {
  const images = needsOf(fields).images * imageTokens;
  const isSilent = inferenceRoutes[path].capability === "embedding";
  return {
    promptTokens: Math.ceil(promptBytes(path, fields) / bytesPerToken) + images,
    answerTokens: isSilent ? 0 : mostAnswerTokens(fields),
    bodyBytes,
  };
}

const tokensCost = (prompt: number, answer: number, rate: Rate): Micro =>
  picoToMicroUp(BigInt(prompt) * rate.perPromptToken + BigInt(answer) * rate.perCompletionToken);

/** What is set aside for it while it runs: its tokens' price. Seconds make it cheaper, never dearer. */
export const reserveFor = ({ promptTokens, answerTokens }: Size, rate: Rate): Micro =>
  tokensCost(promptTokens, answerTokens ?? usualAnswerTokens, rate);

/**
 * The most that it may cost, however long it takes.
 * @param budget of its ticket, what is left of it
 */
export function mostFor({ bodyBytes, answerTokens }: Size, rate: Rate, budget: Micro): Micro {
  if (answerTokens === undefined) return budget;
  return least(budget, tokensCost(bodyBytes, answerTokens, rate));
}

/**
 * What became of it nobody knows: the most that it may have cost.
 * @param most as `mostFor` says
 * @param perSecond micro-credits
 * @param lastedMs by then it was over
 */
export const lostCost = (most: Micro, perSecond: Micro, lastedMs: number): Micro =>
  // A clock that was put back tells nothing.
  lastedMs < 0 ? most : least(most, divideUp(BigInt(Math.ceil(lastedMs)) * perSecond, 1_000n));

const least = (left: Micro, right: Micro): Micro => (left < right ? left : right);

/** A short question with a short answer, for people who compare prices. */
export const typicalAnswer = { promptTokens: 200, completionTokens: 400 } as const;

/** At most: seconds may make it cheaper. */
export const typicalCost = (rate: Rate): Micro =>
  tokensCost(typicalAnswer.promptTokens, typicalAnswer.completionTokens, rate);
