/** Reads a node's refusal. Its code is taken, its words are not: a stranger's text does not reach the application. */
import { errorAnswer } from "../../protocol/endpoints.ts";
import { type ErrorCode, isErrorCode, TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * What a worker or relay may say. All else is about this machine, the coordinator or the account, of which a stranger
 * knows nothing: whoever could say it could end a request that another node would answer.
 */
const sayable: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "busy",
  "owner_busy",
  "draining",
  "rate_limit_exceeded",
  "node_unreachable",
  "missing_ticket",
  "invalid_ticket",
  "wrong_audience",
  "ticket_expired",
  "ticket_revoked",
  "budget_exhausted",
  "request_replayed",
  "request_unproven",
  "session_unknown",
  "seal_broken",
  "wrong_model",
  "engine_error",
  "timeout",
  "request_timeout",
  "internal_error",
  "request_too_large",
  "invalid_value",
  "invalid_json",
  "duplicate_key",
  "json_too_deep",
  "context_length_exceeded",
  "unsupported_parameter",
  "unsupported_media_type",
  "bad_framing",
  "unknown_parameter",
  "headers_too_large",
]);

const parameterName = /^[a-z][a-z0-9_.]{0,63}$/;

/**
 * @param status of the refusal, for one whose body is not understood
 * @throws what `chunks` throws
 */
export async function readRefusal(
  status: number,
  headers: Headers,
  chunks: AsyncIterable<Uint8Array[]> | Iterable<Uint8Array[]>,
): Promise<TroopError> {
  const body: Uint8Array[] = [];
  let size = 0;
  for await (const batch of chunks) {
    for (const chunk of batch) {
      body.push(chunk);
      size += chunk.length;
    }
    if (size > limits.bodyBytes) break;
  }
  const refusal = errorAnswer.shape.error.safeParse(errorOf(Buffer.concat(body).toString("utf8")));
  const { code, param, details } = refusal.data ?? {};
  if (!isErrorCode(code) || !sayable.has(code))
    return new TroopError("node_unreachable", `The node answered ${status} without a known code.`);
  const retryAfterMs = Number(headers["retry-after"]) * 1_000;
  // A relay's word, of whatever else comes from the same network: another node, or a moment, may do.
  const met = code === "rate_limit_exceeded" ? "busy" : code;
  return new TroopError(met, undefined, {
    ...(param && parameterName.test(param) ? { param } : {}),
    ...(Number.isFinite(retryAfterMs) ? { retryAfterMs } : {}),
    ...(code === "session_unknown" ? { details: keyStatementIn(details) } : {}),
  });
}

/** The one thing besides its code that a refusal tells; it is signed. */
function keyStatementIn(
  details: Readonly<Record<string, unknown>> | undefined,
): Record<string, string> {
  const statement = details?.["key_statement"];
  return typeof statement === "string" ? { key_statement: statement } : {};
}

function errorOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { error?: unknown } | null)?.error;
  } catch {
    return undefined;
  }
}
