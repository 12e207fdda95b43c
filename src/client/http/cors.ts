/** What an allowed web page is told so that its browser lets it read the answer (Fetch standard, CORS protocol). */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";
import { TroopError } from "../../protocol/error-codes.ts";
import { headers } from "../../protocol/version.ts";

const { requestId, anthropicRequestId, node, cost, ignored } = headers;
const exposed = [requestId, anthropicRequestId, node, cost, ignored, "retry-after"];

/**
 * @param origin one that is allowed
 * @throws TroopError `unsupported_media_type`: a page could send other types without asking first
 */
export function allowOrigin(
  request: IncomingMessage,
  response: ServerResponse,
  origin: string,
): void {
  response.setHeader("access-control-allow-origin", origin);
  response.setHeader("vary", "origin");
  response.setHeader("access-control-expose-headers", exposed.join(", "));
  const type = request.headers["content-type"] ?? "";
  if (request.method === "POST" && !/^application\/json\s*(;|$)/i.test(type))
    throw new TroopError("unsupported_media_type");
}

/** SDKs add headers of their own with each version: whatever is asked for is allowed. */
export function answerPreflight(
  { headers: asked }: IncomingMessage,
  reply: FastifyReply,
): FastifyReply {
  const wanted = asked["access-control-request-headers"];
  if (wanted) void reply.header("access-control-allow-headers", wanted);
  // Pages on public sites must ask for the private network too (Private Network Access).
  if (asked["access-control-request-private-network"] === "true")
    void reply.header("access-control-allow-private-network", "true");
  return reply
    .header("access-control-allow-methods", "GET, POST, DELETE, OPTIONS")
    .header("access-control-max-age", "600")
    .code(204)
    .send();
}
