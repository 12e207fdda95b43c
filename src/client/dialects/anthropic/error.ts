/** Failures as Anthropic's API has them. */
import type { ErrorType } from "@anthropic-ai/sdk/resources/shared";
import type { TroopError } from "../../../protocol/error-codes.ts";

/** The API's documentation has one more than its package. */
type Type = ErrorType | "request_too_large";

/** By status; those of 400 and 500 stand for the rest. */
const types: Readonly<Record<number, Type>> = {
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  409: "conflict_error",
  413: "request_too_large",
  429: "rate_limit_error",
  503: "overloaded_error",
  504: "timeout_error",
};

const typeOf = (status: number): Type =>
  types[status] ?? (status < 500 ? "invalid_request_error" : "api_error");

/** As a body, and as an event of a stream. */
export interface AnthropicError {
  type: "error";
  error: {
    type: Type;
    message: string;
    /** Ours, unless the API has a code of its own. */
    details: { error_code: string };
  };
  request_id: string;
}

export const anthropicError = (error: TroopError, requestId: string): AnthropicError => ({
  type: "error",
  error: {
    type: typeOf(error.status),
    message: error.message,
    details: { error_code: error.code, ...error.details },
  },
  request_id: requestId,
});
