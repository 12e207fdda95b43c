/** How long to wait before trying again. The trying itself is `loop.ts`. */
import type { Random } from "./random.ts";

export interface Backoff {
  firstMs: number;
  ceilingMs: number;
}

/**
 * Exponential back-off with full jitter: even callers that failed at the same instant come back spread out.
 * @param failures consecutive failures so far, from 1
 */
export function backoffMs(
  random: Random,
  { firstMs, ceilingMs }: Backoff,
  failures: number,
): number {
  const step = Math.min(ceilingMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return step * (0.5 + 0.5 * random.fraction());
}
