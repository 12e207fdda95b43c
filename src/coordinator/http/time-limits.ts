/**
 * How long a call may take here: its work ends with the time, or with a reader that hangs up. Writes go on when nobody
 * waits for them any more: who repeats one finds it done.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../../base/clock.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import { runUntil } from "../call-scope.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** For what takes longer than calls usually may, ms. */
    timeoutMs?: number;
  }
}

const isRead = (method: string) => method === "GET" || method === "HEAD";

/** To be called before any route is registered. */
export function limitTime(app: FastifyInstance, clock: Clock): void {
  app.addHook("onRoute", (route) => {
    // Answers of engines pass through there, as long as they make progress.
    if (route.url.startsWith("/relay/")) return;
    const { handler, config } = route;
    route.handler = function limited(request, reply) {
      const work = async () => handler.call(this, request, reply);
      return within(clock, request, reply, work, config?.timeoutMs);
    };
  });
}

/** @throws TroopError `timeout`, `request_timeout`, and what `work` throws */
export async function within<Result>(
  clock: Clock,
  { method }: FastifyRequest,
  { raw: response }: FastifyReply,
  work: () => Promise<Result>,
  timeoutMs: number = isRead(method) ? limits.readTimeoutMs : limits.writeTimeoutMs,
): Promise<Result> {
  const began = clock.monotonic();
  const over = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    over.signal.addEventListener("abort", () => reject(over.signal.reason as Error));
  });
  const timer = clock.timer(timeoutMs, () => {
    const details = { elapsed_ms: Math.round(clock.monotonic() - began), timeout_ms: timeoutMs };
    over.abort(new TroopError("timeout", undefined, { details }));
  });
  const hungUp = () =>
    over.abort(new TroopError("request_timeout", "Nobody waits for the answer."));
  if (isRead(method)) response.once("close", hungUp);
  try {
    return await Promise.race([aborted, runUntil(over.signal, work)]);
  } catch (error) {
    // A statement that was cancelled says less than why it was.
    over.signal.throwIfAborted();
    throw error;
  } finally {
    timer.cancel();
    response.off("close", hungUp);
  }
}
