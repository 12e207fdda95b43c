/** How big a model is, and the constants of the Llama architecture that it shares with llama.cpp. */

export interface Shape {
  readonly vocabulary: number;
  /** Most tokens the model sees at once. */
  readonly context: number;
  /** Numbers that describe one token between layers. */
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
  /** Numbers inside the feed-forward part. */
  readonly hidden: number;
}

export const normEpsilon = 1e-5;
export const rotaryBase = 10_000;
/** ln 10,000: the rotary frequencies are powers of the base, taken by our own exponential. */
export const rotaryBaseLogarithm = 9.210340371976184;

export const headWidth = (shape: Shape): number => shape.width / shape.heads;
