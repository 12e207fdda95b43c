/** From whatever went wrong to the one error object, and its status. Nothing of the input is echoed. */
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import type { z } from "zod";
import type { errorAnswer } from "../../protocol/endpoints.ts";
import { TroopError, type ErrorCode } from "../../protocol/error-codes.ts";

export type ErrorAnswer = z.infer<typeof errorAnswer>;

export const errorBody = (error: TroopError, requestId: string): ErrorAnswer => ({
  error: {
    message: error.message,
    type: typeOf(error.status),
    param: error.param ?? null,
    code: error.code,
    ...(Object.keys(error.details).length > 0 ? { details: error.details } : {}),
  },
  request_id: requestId,
});

/** The words that SDKs of OpenAI's API know. */
function typeOf(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 402) return "insufficient_quota";
  if (status === 403) return "permission_error";
  if (status === 404) return "not_found_error";
  if (status === 429) return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

/** Fastify's own refusals under our names. */
const fastifyCodes: Record<string, ErrorCode> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "unsupported_media_type",
  FST_ERR_CTP_BODY_TOO_LARGE: "request_too_large",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "bad_framing",
  FST_ERR_CTP_EMPTY_JSON_BODY: "invalid_json",
  FST_ERR_BAD_URL: "invalid_path",
  FST_ERR_MAX_PARAM_LENGTH: "invalid_path",
};

/** The expected failure that an error stands for; undefined for a fault of ours. */
export function expectedError(error: unknown): TroopError | undefined {
  if (error instanceof TroopError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) return validationError(error);
  const code = fastifyCodes[String((error as { code?: unknown } | null)?.code)];
  return code && new TroopError(code, undefined, { cause: error });
}

function validationError(error: {
  validation: readonly { keyword: string; instancePath: string; params: unknown }[];
}): TroopError {
  const [issue] = error.validation;
  const path = (issue?.instancePath ?? "").split("/").filter(Boolean);
  if (issue?.keyword === "unrecognized_keys") {
    const keys = unknownKeysOf(issue.params);
    const param = [...path, ...keys.slice(0, 1)].join(".");
    return new TroopError("unknown_parameter", undefined, paramOf(param));
  }
  const param = path.join(".");
  const message =
    param && isSafe(param)
      ? `\`${param}\` is missing or not of the kind that is asked for.`
      : undefined;
  return new TroopError("invalid_value", message, paramOf(param));
}

function unknownKeysOf(params: unknown): string[] {
  const keys = (params as { keys?: unknown; issue?: { keys?: unknown } }) ?? {};
  const found = keys.keys ?? keys.issue?.keys;
  return Array.isArray(found) ? found.map(String) : [];
}

/** A parameter's name is the caller's own text: only what looks like a name is sent back. */
const isSafe = (param: string): boolean => /^[\w.-]{1,64}$/.test(param);
const paramOf = (param: string) => (isSafe(param) ? { param } : {});
