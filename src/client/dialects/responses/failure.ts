/** A failure in the words of a response: the published API has a closed list of codes for it. Pure. */
import { errorObject } from "../../../protocol/error-object.ts";
import type { TroopError } from "../../../protocol/error-codes.ts";
import type { ResponseResource } from "./items.ts";
import type { Unnumbered } from "./piece.ts";

type ResponseError = NonNullable<ResponseResource["error"]>;

export function responseError(error: TroopError): ResponseError {
  const { message, type, param } = errorObject(error);
  return { code: responseCode(error), message, type, param };
}

function responseCode({ status }: TroopError): ResponseError["code"] {
  if (status === 429) return "rate_limit_exceeded";
  return status === 400 ? "invalid_prompt" : "server_error";
}

/** Unlike the resource, the event may carry our own code, which `docs/errors.md` explains. */
export function errorEvent(error: TroopError): Unnumbered {
  const { code, message, param } = errorObject(error);
  return { type: "error", code, message, param };
}
