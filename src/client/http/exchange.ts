/** What every route knows of its request. */
import type { ServerResponse } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Log } from "../../host/log.ts";
import { type ErrorCode, TroopError } from "../../protocol/error-codes.ts";
import { headers } from "../../protocol/version.ts";
import { expectedFailure } from "../../host/framework-failure.ts";
import { writeFailure } from "./errors.ts";
import { readStrictJson } from "../../protocol/strict-json.ts";

/** @throws TroopError for what `strict-json.ts` refuses */
export function readBody({ body }: FastifyRequest): unknown {
  if (!(body instanceof Uint8Array) || body.length === 0)
    throw new TroopError("invalid_json", "The body is empty; it must be a JSON object.");
  return readStrictJson(body);
}

/** Names fields that were dropped in a header of the answer. */
export function noteIgnored(response: ServerResponse, ignored: readonly string[]): void {
  // Only names that fit into a header: the rest is somebody's joke.
  const names = ignored.filter((name) => /^[\w.-]{1,64}$/.test(name)).slice(0, ignoredMost);
  if (names.length > 0) response.setHeader(headers.ignored, names.join(", "));
}

const ignoredMost = 64;

/** Requests whose answer is out of the framework's hands. */
export interface Exchanges {
  /**
   * Answers with `work`. Its signal aborts when the application goes away before the answer is complete, and when
   * the sidecar stops.
   */
  answer(
    request: FastifyRequest,
    reply: FastifyReply,
    work: (response: ServerResponse, signal: AbortSignal) => Promise<void>,
  ): Promise<void>;
  /** When all that run now have ended. */
  settled(): Promise<void>;
}

/** @param stop aborts when the sidecar stops */
export function createExchanges(stop: AbortSignal, log: Log): Exchanges {
  const running = new Set<Promise<void>>();
  return {
    async answer(request, reply, work) {
      const response = reply.hijack().raw;
      const task = answerRaw(response, request.id, stop, log, work);
      running.add(task);
      await task.finally(() => running.delete(task));
    },
    async settled() {
      await Promise.allSettled(running);
    },
  };
}

async function answerRaw(
  response: ServerResponse,
  requestId: string,
  stop: AbortSignal,
  log: Log,
  work: (response: ServerResponse, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const gone = new AbortController();
  const left = () => {
    if (!response.writableFinished)
      gone.abort(new TroopError("stream_truncated", "The application left."));
  };
  response.once("close", left);
  // It may have left while its request was being read.
  if (response.closed) left();
  // By hand: what `AbortSignal.any` keeps for each request on a signal that outlives them all costs more.
  const end = () => gone.abort(new TroopError("draining"));
  if (stop.aborted) end();
  stop.addEventListener("abort", end);
  try {
    await work(response, gone.signal);
  } catch (error) {
    const expected =
      expectedFailure(error) ?? (stop.aborted ? new TroopError("draining") : undefined);
    if (!expected) log.error({ err: error, request: requestId }, "request failed");
    const shown = expected ?? new TroopError("internal_error");
    if (!response.destroyed && !response.writableEnded)
      writeFailure(response, shown, requestId, mayHaveBeenCharged(shown));
  } finally {
    stop.removeEventListener("abort", end);
  }
}

/**
 * Whoever asks nodes returns their failures: what is thrown comes before, but for these, which may end a request at
 * any time, or be found in an answer that was paid for.
 */
const laterCodes = new Set<ErrorCode>([
  "draining",
  "engine_error",
  "internal_error",
  "stream_truncated",
]);
const mayHaveBeenCharged = ({ code }: TroopError): boolean => laterCodes.has(code);

export function writeJson(
  response: ServerResponse,
  body: object,
  head: Readonly<Record<string, string>>,
): void {
  response
    .writeHead(200, { "content-type": "application/json; charset=utf-8", ...head })
    .end(JSON.stringify(body));
}
