/** What somebody hears about a limit: in headers of every answer that counted, and as the refusal of one too many. */
import type { Charged } from "../base/sliding-log.ts";
import { TroopError } from "../protocol/error-codes.ts";

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1_000));

/** `reset`: seconds until one more is allowed. */
export const limitHeaders = ({
  limit,
  remaining,
  resetMs,
}: Pick<Charged, "limit" | "remaining" | "resetMs">) => ({
  "x-ratelimit-limit": limit,
  "x-ratelimit-remaining": remaining,
  "x-ratelimit-reset": seconds(resetMs),
});

/** @param whose begins the sentence */
export const tooManyCalls = (whose: string, { limit, resetMs }: Charged, windowMs: number) =>
  new TroopError(
    "rate_limit_exceeded",
    `${whose} made ${limit} calls in ${seconds(windowMs)} s, and may make no more in that time. Wait ${seconds(resetMs)} s.`,
    { retryAfterMs: resetMs, details: { limit, window_seconds: seconds(windowMs) } },
  );

/** The headers of a refusal; none where it is no such one. */
export function refusalHeaders({ code, details, retryAfterMs }: TroopError): object {
  const { limit } = details;
  if (code !== "rate_limit_exceeded" || typeof limit !== "number") return {};
  return limitHeaders({ limit, remaining: 0, resetMs: retryAfterMs ?? 0 });
}
