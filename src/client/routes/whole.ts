/** An answer for an application that wants no stream: one object, with what it cost in a header. */
import type { ServerResponse } from "node:http";
import type { InferencePath } from "../../protocol/chat.ts";
import { headers } from "../../protocol/version.ts";
import type { Dialect } from "../dialects/answer-shape.ts";
import type { Generate } from "../generate.ts";
import { writeFailure } from "../http/errors.ts";
import { writeJson } from "../http/exchange.ts";
import type { Wanted } from "../read-request.ts";

export async function answerWhole<Chunk>(
  generate: Generate,
  { dialect, path }: { dialect: Dialect<Chunk>; path: InferencePath },
  wanted: Wanted,
  response: ServerResponse,
  requestId: string,
  signal: AbortSignal,
): Promise<void> {
  const result = await generate.whole(dialect, path, wanted, signal);
  if (result.outcome === "failed")
    return writeFailure(response, result.error, requestId, result.mayHaveBeenCharged);
  writeJson(response, result.body, {
    [headers.node]: result.node,
    [headers.cost]: result.cost,
  });
}
