/** A figure: a ratio taken in several rounds of one run, and what may be concluded from it. */

export interface Figure {
  figure: string;
  gate: number;
  aim: number;
  /** Of the rounds' ratios; between its quartiles lies `iqr`. */
  median: number;
  iqr: number;
  /** Missed or met only where the middle half of the rounds is on one side of the gate. */
  verdict: "met" | "missed" | "inconclusive";
}

export interface Gate {
  figure: string;
  /** Whether the ratio should be large or small. */
  good: "at least" | "at most";
  gate: number;
  aim: number;
}

/** The value below which a share of the others lies, between the two nearest. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)]!;
  const above = sorted[Math.ceil(place)]!;
  return below + (above - below) * (place - Math.floor(place));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;

export function figureOf({ figure, good, gate, aim }: Gate, ratios: readonly number[]): Figure {
  const [low, high] = [quantile(ratios, 0.25), quantile(ratios, 0.75)];
  const passes = (ratio: number) => (good === "at least" ? ratio >= gate : ratio <= gate);
  const isOneSided = passes(low) === passes(high);
  const verdict = isOneSided ? (passes(low) ? "met" : "missed") : "inconclusive";
  const spread = { median: rounded(median(ratios)), iqr: rounded(high - low) };
  return { figure, gate, aim, ...spread, verdict };
}

/** Progress and absolute values, which are printed and never gated. */
export const say = (text: string): void => void process.stderr.write(`${text}\n`);
