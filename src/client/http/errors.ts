/** Failures as OpenAI's clients read them: status, headers and the error object. */
import type { ServerResponse } from "node:http";
import { type ErrorCode, TroopError } from "../../protocol/error-codes.ts";
import { formatEvent } from "../../protocol/sse.ts";
import { headers } from "../../protocol/version.ts";

const waitMostMs = 60_000;
const waitUsuallyMs = 5_000;

export interface ErrorAnswer {
  status: number;
  headers: Record<string, string>;
  body: { error: ErrorObject; request_id: string };
}

export interface ErrorObject {
  message: string;
  type: string;
  param: string | null;
  code: ErrorCode;
}

/** @param mayHaveBeenCharged whether SDKs must not repeat the request by themselves */
export function errorAnswerOf(
  error: TroopError,
  requestId: string,
  mayHaveBeenCharged = false,
): ErrorAnswer {
  const { status, retryAfterMs } = error;
  // Never told to wait for longer than a minute: a node may be free long before.
  const waitMs = Math.min(waitMostMs, retryAfterMs ?? waitUsuallyMs);
  const mayComeBack = status === 503 || retryAfterMs !== undefined;
  return {
    status,
    headers: {
      "content-type": "application/json; charset=utf-8",
      [headers.requestId]: requestId,
      ...(mayHaveBeenCharged ? { "x-should-retry": "false" } : {}),
      ...(mayComeBack ? { "retry-after": String(Math.max(1, Math.ceil(waitMs / 1_000))) } : {}),
    },
    body: { error: errorObject(error), request_id: requestId },
  };
}

/** As JSON with its status where nothing has left yet, else as an event of the stream; never followed by `[DONE]`. */
export function writeFailure(
  response: ServerResponse,
  error: TroopError,
  requestId: string,
  mayHaveBeenCharged = false,
): void {
  const { status, headers: head, body } = errorAnswerOf(error, requestId, mayHaveBeenCharged);
  const text = JSON.stringify(body);
  if (response.headersSent) response.end(formatEvent(text));
  else response.writeHead(status, head).end(text);
}

/** OpenAI's own words for kinds of failure; SDKs choose their exception by status. */
const typeOf = (status: number): string => {
  if (status === 401) return "authentication_error";
  if (status === 402) return "insufficient_quota";
  if (status === 403) return "permission_error";
  if (status === 404) return "not_found_error";
  if (status === 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
};

const errorObject = (error: TroopError): ErrorObject => ({
  message: messageOf(error),
  type: typeOf(error.status),
  param: error.param ?? null,
  code: error.code,
});

function messageOf({ message, details }: TroopError): string {
  const facts = Object.entries(details).map(([name, value]) => `${name}: ${value}`);
  return facts.length > 0 ? `${message} (${facts.join(", ")})` : message;
}

/** The HTTP framework's own refusals in our words. */
const frameworkCodes: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "unsupported_media_type",
  FST_ERR_CTP_BODY_TOO_LARGE: "request_too_large",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "bad_framing",
  FST_ERR_BAD_URL: "invalid_path",
  FST_ERR_MAX_PARAM_LENGTH: "invalid_path",
  ERR_HTTP_REQUEST_TIMEOUT: "request_timeout",
  HPE_HEADER_OVERFLOW: "headers_too_large",
};

/** The expected failure that an error stands for; undefined for a programmer's error. */
export function asExpected(error: unknown): TroopError | undefined {
  if (error instanceof TroopError) return error;
  const code = frameworkCodes[String((error as { code?: unknown } | null)?.code)];
  return code && new TroopError(code, undefined, { cause: error });
}
