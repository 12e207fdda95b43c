/**
 * What a model's tokens take on an RTX 3060, learnt from lines that both sides agree on. Pure.
 *
 * A line that billed t credits for p prompt and c completion tokens says that one completion token takes
 * t ÷ (c + p ÷ 20). What an owner shows is the median of what it shows to each requester, however many lines they
 * exchange; the price is the lower quartile of the owners. It moves by at most 5 % a week, either way, so that whoever
 * wants to talk it up or down has to keep many accounts busy for long, and what they did is undone as fast.
 */
import { divideDown, divideUp, type Pico } from "../../protocol/credits.ts";

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
  /** When it last moved. */
  movedAt: number;
}

/** Until so many lines exist, the model's size says more. */
const leastLines = 20;
/** A price that fewer have had a part in could be one person's. */
const leastOwners = 5;
const leastRequesters = 5;
const highestStep = 105n;
const lowestStep = 95n;
/** A size is a guess, which the first fit may correct by more. */
const lowestFirst = 50n;
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

  const before = known?.perCompletionToken ?? bySize;
  const counted = { lines, owners, requesters, fittedAt: now };
  if (known && now - known.movedAt < weekMs)
    return { ...counted, perCompletionToken: before, movedAt: known.movedAt };
  const byOwner = Map.groupBy(voices, ({ owner }) => owner);
  const shown = valueAt(
    1 / 4,
    [...byOwner.values()].map((of) =>
      valueAt(
        1 / 2,
        of.map(({ perCompletionToken }) => perCompletionToken),
      ),
    ),
  );
  const perCompletionToken = stepTowards(shown, before, known ? lowestStep : lowestFirst);
  const hasMoved = perCompletionToken !== known?.perCompletionToken;
  return { ...counted, perCompletionToken, movedAt: hasMoved ? now : known.movedAt };
}

/** Rounded so that a rise always undoes a fall, also where a price is a few pico-credits. */
function stepTowards(shown: Pico, before: Pico, lowestPercent: bigint): Pico {
  const most = divideUp(before * highestStep, 100n);
  const least = divideDown(before * lowestPercent, 100n);
  const within = shown > most ? most : shown < least ? least : shown;
  return within > 0n ? within : 1n;
}

/** @param share of the values that lie below, the lower one where two do */
function valueAt(share: number, values: readonly Pico[]): Pico {
  const sorted = values.toSorted((left, right) => (left < right ? -1 : left > right ? 1 : 0));
  return sorted[Math.floor((sorted.length - 1) * share)]!;
}
