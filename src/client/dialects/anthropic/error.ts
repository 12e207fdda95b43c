/** Failures as Anthropic's API has them. */
import type { TroopError } from "../../../protocol/error-codes.ts";

/** By status; those of 400 and 500 stand for the rest. */
const types: Readonly<Record<number, string>> = {
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  503: "overloaded_error",
  504: "timeout_error",
};

const typeOf = (status: number): string =>
  types[status] ?? (status < 500 ? "invalid_request_error" : "api_error");

export const anthropicError = (error: TroopError, requestId: string): object => ({
  type: "error",
  error: { type: typeOf(error.status), message: error.message },
  request_id: requestId,
});
