/** Failures as applications read them: status, headers, and the body that the API of the path has for them. */
import type { ServerResponse } from "node:http";
import type { TroopError } from "../../protocol/error-codes.ts";
import { errorBody } from "../../protocol/error-object.ts";
import { formatEvent } from "../../protocol/sse.ts";
import { headers } from "../../protocol/version.ts";
import { anthropicError } from "../dialects/anthropic/error.ts";
import { ollamaError } from "../dialects/ollama/error.ts";

const waitMostMs = 60_000;
const waitUsuallyMs = 5_000;

export interface ErrorAnswer {
  status: number;
  headers: Record<string, string>;
  body: object;
}

/** An API's body for a failure. */
type ErrorForm = (error: TroopError, requestId: string) => object;

const isAnthropic = /^\/v1\/messages(?:[/?]|$)/;
const isOllama = /^\/api\//;

/** By path, because a request may fail before any route has seen it. */
function errorFormOf(url = ""): ErrorForm {
  if (isAnthropic.test(url)) return anthropicError;
  return isOllama.test(url) ? ollamaError : errorBody;
}

/** @param url as it was requested. @param mayHaveBeenCharged whether SDKs must not repeat the request by themselves */
export function errorAnswerOf(
  url: string | undefined,
  error: TroopError,
  requestId: string,
  mayHaveBeenCharged = false,
): ErrorAnswer {
  const { status, retryAfterMs } = error;
  const isCapped = error.code === "spending_cap";
  // Never told to wait for longer than a minute: a node may be free long before. When a cap has room is known.
  const waitMs = Math.min(isCapped ? Infinity : waitMostMs, retryAfterMs ?? waitUsuallyMs);
  // 502 too: a node or an engine that fails is often back in a moment, or another is there.
  const mayComeBack = [429, 502, 503].includes(status) || retryAfterMs !== undefined;
  return {
    status,
    headers: {
      "content-type": "application/json; charset=utf-8",
      [headers.requestId]: requestId,
      ...(mayHaveBeenCharged || isCapped ? { "x-should-retry": "false" } : {}),
      ...(mayComeBack ? { "retry-after": String(Math.max(1, Math.ceil(waitMs / 1_000))) } : {}),
    },
    body: errorFormOf(url)(error, requestId),
  };
}

/** As JSON with its status where nothing has left yet, else as an event of the stream; never followed by `[DONE]`. */
export function writeFailure(
  response: ServerResponse,
  error: TroopError,
  requestId: string,
  mayHaveBeenCharged = false,
): void {
  const { url } = response.req;
  const { status, headers: head, body } = errorAnswerOf(url, error, requestId, mayHaveBeenCharged);
  const text = JSON.stringify(body);
  if (response.headersSent) response.end(formatEvent(text));
  else response.writeHead(status, head).end(text);
}
