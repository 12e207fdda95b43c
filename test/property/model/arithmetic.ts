/**
 * The ledger's sums, written anew from `docs/ledger.md` and `docs/protocol.md` §3. Nothing of this folder is shared with
 * the ledger: what the two have in common is the text.
 */

/** Pico-credits per second, prompt token and completion token. */
export interface ModelRate {
  second: bigint;
  prompt: bigint;
  completion: bigint;
}

export interface Figures {
  ms: number;
  prompt: number;
  completion: number;
}

const picoPerMicro = 1_000_000n;

const least = (left: bigint, right: bigint): bigint => (left < right ? left : right);
export const most = (left: bigint, right: bigint): bigint => (left > right ? left : right);

/** min(seconds × rate, tokens × rates), rounded up to the micro-credit. */
export function priceOf({ ms, prompt, completion }: Figures, rate: ModelRate): bigint {
  // In thousandths of a pico-credit, so that nothing is rounded before the end.
  const bySeconds = BigInt(ms) * rate.second;
  const byTokens = 1_000n * (BigInt(prompt) * rate.prompt + BigInt(completion) * rate.completion);
  const unit = 1_000n * picoPerMicro;
  const exact = least(bySeconds, byTokens);
  return exact / unit + (exact % unit === 0n ? 0n : 1n);
}

/** The client's figures are upper bounds: a figure of the worker's beyond its bound is cut to it. */
export const withinBounds = (worker: Figures, bounds: Figures): Figures => ({
  ms: Math.min(worker.ms, bounds.ms),
  prompt: Math.min(worker.prompt, bounds.prompt),
  completion: Math.min(worker.completion, bounds.completion),
});

/** "Within 5 % the worker's figures stand; beyond, the lower is paid." */
export function agreedOf(cost: bigint, lower: bigint): bigint {
  if (lower >= cost) return cost;
  return 20n * (cost - lower) <= cost ? cost : lower;
}

export const leastOf = (...amounts: bigint[]): bigint => amounts.reduce(least);
