/** The one error object of every HTTP answer (`errorAnswer` in `endpoints.ts`). Nothing of the input is echoed. */
import type { z } from "zod";
import type { errorAnswer } from "./endpoints.ts";
import type { TroopError } from "./error-codes.ts";

export type ErrorAnswer = z.infer<typeof errorAnswer>;

/** OpenAI's words for kinds of failure, which its SDKs know. */
function errorTypeOf(status: number): string {
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

export const errorObject = (error: TroopError): ErrorAnswer["error"] => ({
  message: error.message,
  type: errorTypeOf(error.status),
  param: error.param ?? null,
  code: error.code,
  ...(Object.keys(error.details).length > 0 ? { details: error.details } : {}),
});

export const errorBody = (error: TroopError, requestId: string): ErrorAnswer => ({
  error: errorObject(error),
  request_id: requestId,
});
