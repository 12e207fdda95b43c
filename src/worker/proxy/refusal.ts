/** How a refusal looks: as a plain HTTP error, as a sealed answer, or as an event within a stream. */
import type { AnswerHead } from "../../protocol/chat.ts";
import type { TroopError } from "../../protocol/error-codes.ts";
import { errorBody } from "../../protocol/error-object.ts";
import type { Answer, AnswerWire } from "./answer.ts";

const bodyOf = (error: TroopError, requestId: string): string =>
  JSON.stringify(errorBody(error, requestId));

function headersOf({ retryAfterMs }: TroopError): Record<string, string> {
  const json = { "content-type": "application/json" };
  if (retryAfterMs === undefined) return json;
  return { ...json, "retry-after": String(Math.ceil(retryAfterMs / 1_000)) };
}

/** Before the request is opened: an ordinary HTTP error. */
export function refusePlainly(
  response: Pick<AnswerWire, "writeHead" | "end">,
  error: TroopError,
  requestId: string,
) {
  response.writeHead(error.status, headersOf(error));
  response.end(bodyOf(error, requestId));
}

/** Once it is opened, the status that counts is inside: head and body, to which `finish` adds a line or not. */
export function refuseSealed(answer: Answer, error: TroopError, requestId: string): void {
  const head: AnswerHead = { status: error.status, headers: headersOf(error) };
  answer.open(head);
  answer.body(bodyOf(error, requestId));
}
