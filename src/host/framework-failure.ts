/** The HTTP framework's own refusals in our words. */
import { type ErrorCode, TroopError } from "../protocol/error-codes.ts";

const frameworkCodes: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "unsupported_media_type",
  FST_ERR_CTP_BODY_TOO_LARGE: "request_too_large",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "bad_framing",
  FST_ERR_CTP_EMPTY_JSON_BODY: "invalid_json",
  FST_ERR_BAD_URL: "invalid_path",
  FST_ERR_MAX_PARAM_LENGTH: "invalid_path",
  ERR_HTTP_REQUEST_TIMEOUT: "request_timeout",
  HPE_HEADER_OVERFLOW: "headers_too_large",
};

/** The expected failure that an error stands for; undefined for a programmer's error. */
export function expectedFailure(error: unknown): TroopError | undefined {
  if (error instanceof TroopError) return error;
  const code = frameworkCodes[String((error as { code?: unknown } | null)?.code)];
  return code && new TroopError(code, undefined, { cause: error });
}
