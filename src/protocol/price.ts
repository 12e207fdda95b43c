/** What a request costs. Worker, client and coordinator compute it with this same function. */
import { z } from "zod";
import {
  divideUp,
  formatRate,
  microPerCredit,
  parseRate,
  type Micro,
  type Pico,
  picoToMicroUp,
  rateText,
} from "./credits.ts";
import { limits } from "./limits.ts";

/** The price a ticket pins, in pico-credits. `perSecond` already holds the node's multiplier. */
export interface Rate {
  perSecond: Pico;
  perPromptToken: Pico;
  perCompletionToken: Pico;
}

export const rateSchema = z.strictObject({
  per_second: rateText,
  per_prompt_token: rateText,
  per_completion_token: rateText,
});
export type RateText = z.infer<typeof rateSchema>;

/** At the owner's own node nothing is charged. */
export const freeRate: Rate = { perSecond: 0n, perPromptToken: 0n, perCompletionToken: 0n };

export const parseRates = (text: RateText): Rate => ({
  perSecond: parseRate(text.per_second),
  perPromptToken: parseRate(text.per_prompt_token),
  perCompletionToken: parseRate(text.per_completion_token),
});

export const formatRates = (rate: Rate): RateText => ({
  per_second: formatRate(rate.perSecond),
  per_prompt_token: formatRate(rate.perPromptToken),
  per_completion_token: formatRate(rate.perCompletionToken),
});

export interface Usage {
  billedMs: number;
  promptTokens: number;
  completionTokens: number;
}

/**
 * The lesser of time and tokens, rounded up to the micro-credit. The token side is a cap: stalling and
 * talked-up multipliers earn nothing beyond it.
 * @param usage non-negative integers
 */
export function costOf({ billedMs, promptTokens, completionTokens }: Usage, rate: Rate): Micro {
  const time = divideUp(BigInt(billedMs) * rate.perSecond, 1_000n);
  const tokens =
    BigInt(promptTokens) * rate.perPromptToken + BigInt(completionTokens) * rate.perCompletionToken;
  return picoToMicroUp(time < tokens ? time : tokens);
}

/** True where `costOf` was decided by tokens rather than by seconds; history entries say which. */
export function isCappedByTokens(usage: Usage, rate: Rate): boolean {
  return (
    costOf(usage, rate) < picoToMicroUp(divideUp(BigInt(usage.billedMs) * rate.perSecond, 1_000n))
  );
}

const picoPerCredit = microPerCredit * 1_000_000n;

/** @param multiplier ten-thousandths; 10,000 is an RTX 3060 */
export const perSecondRate = (multiplier: number): Pico =>
  (BigInt(multiplier) * picoPerCredit) / 10_000n;

/** Seconds of a node's time in micro-credits. */
export const secondsOf = (seconds: number, multiplier: number): Micro =>
  picoToMicroUp(BigInt(seconds) * perSecondRate(multiplier));

/**
 * The budget of a ticket: at least twenty seconds of the node, at most five minutes, in between a quarter
 * of what is available, so that one ticket never ties up the whole balance of a small account.
 * Returns `undefined` where less than twenty seconds are available.
 */
export function budgetOf(
  available: Micro,
  multiplier: number,
  maxBudget?: Micro,
): Micro | undefined {
  const least = secondsOf(limits.leastBudgetSeconds, multiplier);
  if (available < least) return undefined;
  const most = secondsOf(limits.mostBudgetSeconds, multiplier);
  const quarter = available / 4n;
  const usual = quarter < least ? least : quarter < most ? quarter : most;
  const wanted = maxBudget ?? usual;
  return wanted < available ? wanted : available;
}
