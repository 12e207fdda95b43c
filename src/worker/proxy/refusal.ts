/** How a refusal looks: as a plain HTTP error, as a sealed answer, or as an event within a stream. */
import type { ServerResponse } from "node:http";
import type { AnswerHead } from "../../protocol/chat.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { Answer } from "./answer.ts";

/** The words that OpenAI's SDKs know. */
function typeOf(status: number): string {
  switch (status) {
    case 401:
      return "authentication_error";
    case 402:
      return "insufficient_quota";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 429:
      return "rate_limit_error";
    default:
      return status < 500 ? "invalid_request_error" : "server_error";
  }
}

/** The `error` object of an answer. */
export const errorObject = ({ code, message, param, status }: TroopError) => ({
  message,
  type: typeOf(status),
  param: param ?? null,
  code,
});

const bodyOf = (error: TroopError, requestId: string): string =>
  JSON.stringify({ error: errorObject(error), request_id: requestId });

function headersOf({ retryAfterMs }: TroopError): Record<string, string> {
  const json = { "content-type": "application/json" };
  if (retryAfterMs === undefined) return json;
  return { ...json, "retry-after": String(Math.ceil(retryAfterMs / 1_000)) };
}

/** Before the request is opened: an ordinary HTTP error. */
export function refusePlainly(response: ServerResponse, error: TroopError, requestId: string) {
  response.writeHead(error.status, headersOf(error));
  response.end(bodyOf(error, requestId));
}

/** Once it is opened, the status that counts is inside: head and body, to which `finish` adds a line or not. */
export function refuseSealed(answer: Answer, error: TroopError, requestId: string): void {
  const head: AnswerHead = { status: error.status, headers: headersOf(error) };
  answer.open(head);
  answer.body(bodyOf(error, requestId));
}
