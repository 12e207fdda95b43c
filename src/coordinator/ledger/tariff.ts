/**
 * What a token of a model may cost at most: what it takes on an RTX 3060, whatever the node's multiplier.
 * Pure. Until receipts tell better (`tariff-fit.ts`) it comes from the model's size, since a token reads every
 * weight once.
 */
import { divideUp, type Pico } from "../../protocol/credits.ts";
import type { Model } from "../../protocol/node.ts";
import { perSecondRate, type Rate } from "../../protocol/price.ts";

/** What a completion token costs, by model name. Prompt tokens cost a twentieth. */
export type Tariff = ReadonlyMap<string, Pico>;
/** What receipts have shown, by model name; it wins over sizes. */
export type FittedRates = ReadonlyMap<string, Pico>;

export interface Claim {
  owner: string;
  models: readonly Pick<Model, "name" | "size_bytes">[];
}

const gigabyte = 1e9;
/** Memory bandwidth of an RTX 3060, bytes per second. */
const bytesPerSecond = 360n * 1_000_000_000n;
const picoPerCredit = 1_000_000_000_000n;
/** Until a node has proven its memory it is taken to have this much. */
const unprovenMemory = 8 * gigabyte;
const unknownSize = 1 * gigabyte;
const claimedBytesPerParameter = 2;
const guessedBytesPerParameter = 0.6;

/** Parameters that a model's name states (`llama3.1:8b`, `SmolLM2-135M`, `8x7b`); undefined where it states none. */
export function parametersOf(name: string): number | undefined {
  const match = /(?:^|[^a-z0-9.])(?:(\d{1,2})x)?(\d{1,4}(?:\.\d{1,3})?)([bm])(?![a-z0-9])/i.exec(
    name,
  );
  if (!match) return undefined;
  const [, experts, count, unit] = match;
  const parameters =
    Number(experts ?? 1) * Number(count) * (unit!.toLowerCase() === "b" ? 1e9 : 1e6);
  return parameters > 0 ? parameters : undefined;
}

/** Bytes that count for the price, from what one owner claims. */
export function countedSize(name: string, claimed: number | undefined): number {
  const parameters = parametersOf(name);
  if (!claimed) return parameters ? Math.ceil(parameters * guessedBytesPerParameter) : unknownSize;
  const plausible = parameters ? parameters * claimedBytesPerParameter : Infinity;
  return Math.ceil(Math.min(claimed, plausible, unprovenMemory));
}

/**
 * The prices of all models on offer. Of several owners' claims of size the median counts, so that no single one
 * sets it.
 */
export function tariffOf(claims: readonly Claim[], fitted: FittedRates = new Map()): Tariff {
  const byModel = new Map<string, Map<string, number>>();
  for (const { owner, models } of claims) {
    for (const { name, size_bytes: claimed } of models) {
      const owners = byModel.get(name) ?? new Map<string, number>();
      byModel.set(name, owners.set(owner, countedSize(name, claimed)));
    }
  }
  const rates = [...byModel].map(
    ([name, owners]) => [name, rateOfSize(lowerMedian([...owners.values()]))] as const,
  );
  return new Map([...rates, ...fitted]);
}

function lowerMedian(values: number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor((sorted.length - 1) / 2)]!;
}

/** 1.25 × size ÷ bandwidth seconds, in pico-credits, rounded up. */
const rateOfSize = (bytes: number): Pico =>
  divideUp(5n * BigInt(bytes) * picoPerCredit, 4n * bytesPerSecond);

export const completionRate = (tariff: Tariff, model: string): Pico =>
  tariff.get(model) ?? rateOfSize(countedSize(model, undefined));

/** Prompts are read many tokens at a time. */
export const promptsPerCompletion = 20n;
export const promptRate = (perCompletionToken: Pico): Pico =>
  divideUp(perCompletionToken, promptsPerCompletion);

/** @param multiplier ten-thousandths */
export function rateFor(tariff: Tariff, model: string, multiplier: number): Rate {
  const perCompletionToken = completionRate(tariff, model);
  return {
    perSecond: perSecondRate(multiplier),
    perPromptToken: promptRate(perCompletionToken),
    perCompletionToken,
  };
}
