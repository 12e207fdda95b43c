/**
 * What a model's tokens take on an RTX 3060, learnt from lines that both sides agree on. Pure.
 *
 * A line that billed t credits for p prompt and c completion tokens says that one completion token takes
 * t ÷ (c + p ÷ 20). One owner and one requester together have one voice, the median of their lines, however many
 * they exchange; the price is the lower quartile of the voices. It rises by at most 5 % a week, so that whoever
 * wants to talk it up has to keep many accounts busy for long, and it falls at once.
 */
import { divideDown, type Pico } from "../../protocol/credits.ts";

/** What one owner's nodes and one requester have shown of a model together. */
export interface Voice {
  owner: string;
  requester: string;
  /** How many of their lines were looked at. */
  lines: number;
  /** The median of what a completion token took. */
  perCompletionToken: Pico;
}

export interface FittedPrice {
  perCompletionToken: Pico;
  lines: number;
  owners: number;
  requesters: number;
  fittedAt: number;
  /** When it last rose. */
  raisedAt: number;
}

/** Until so many lines exist, the model's size says more. */
const leastLines = 20;
/** A price that fewer have had a part in could be one person's. */
const leastOwners = 5;
const leastRequesters = 5;
const raisedPercent = 105n;
const weekMs = 7 * 24 * 60 * 60_000;

/**
 * @param known what was fitted before
 * @param bySize the price without any fit, from which the first one may rise
 * @returns undefined where too few have spoken: what was known stays
 */
export function fitPrice(
  voices: readonly Voice[],
  known: FittedPrice | undefined,
  bySize: Pico,
  now: number,
): FittedPrice | undefined {
  const lines = voices.reduce((sum, voice) => sum + voice.lines, 0);
  const owners = new Set(voices.map(({ owner }) => owner)).size;
  const requesters = new Set(voices.map(({ requester }) => requester)).size;
  if (lines < leastLines || owners < leastOwners || requesters < leastRequesters) return undefined;

  const shown = lowerQuartile(voices.map(({ perCompletionToken }) => perCompletionToken));
  const before = known?.perCompletionToken ?? bySize;
  const counted = { lines, owners, requesters, fittedAt: now };
  if (shown <= before)
    return { ...counted, perCompletionToken: shown, raisedAt: known?.raisedAt ?? 0 };
  if (known && now - known.raisedAt < weekMs)
    return { ...counted, perCompletionToken: before, raisedAt: known.raisedAt };
  const most = divideDown(before * raisedPercent, 100n);
  return { ...counted, perCompletionToken: shown < most ? shown : most, raisedAt: now };
}

function lowerQuartile(values: readonly Pico[]): Pico {
  const sorted = values.toSorted((left, right) => (left < right ? -1 : left > right ? 1 : 0));
  const quartile = sorted[Math.floor((sorted.length - 1) / 4)]!;
  return quartile > 0n ? quartile : 1n;
}
