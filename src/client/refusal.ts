/** Reads a node's refusal. Its code is taken, its words are not: a stranger's text does not reach the application. */
import { errorAnswer } from "../protocol/endpoints.ts";
import { isErrorCode, TroopError } from "../protocol/error-codes.ts";
import { limits } from "../protocol/limits.ts";

type Headers = Readonly<Record<string, string | string[] | undefined>>;

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
  if (!isErrorCode(code))
    return new TroopError("node_unreachable", `The node answered ${status} without a known code.`);
  const retryAfterMs = Number(headers["retry-after"]) * 1_000;
  return new TroopError(code, undefined, {
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
