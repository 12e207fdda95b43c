/** The local API: its manners, and every endpoint as a table of contents. */
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Random } from "../../base/random.ts";
import { allowedMethods, type RoutePattern } from "../../host/allowed-methods.ts";
import { answerBare, unreadableCode } from "../../host/bare-answer.ts";
import { checkFraming, pathOf } from "../../host/framing.ts";
import type { Log } from "../../host/log.ts";
import type { Metrics } from "../../host/observe/metrics.ts";
import { observeCalls } from "../../host/observe/observe-calls.ts";
import type { Tracer } from "../../host/observe/tracing.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import { headers } from "../../protocol/version.ts";
import type { Dispatch } from "../course/dispatch.ts";
import type { Peers } from "../peers.ts";
import { chatCompletionsRoute } from "../routes/chat-completions.ts";
import { completionsRoute } from "../routes/completions.ts";
import { embeddingsRoute } from "../routes/embeddings.ts";
import { keptResponsesRoutes } from "../routes/responses-kept.ts";
import { type ResponsesParts, responsesRoute } from "../routes/responses.ts";
import { healthRoute } from "../routes/health.ts";
import { messagesRoutes } from "../routes/messages.ts";
import { modelsRoutes } from "../routes/models.ts";
import { ollamaEmbeddingRoutes } from "../routes/ollama/embedding.ts";
import { ollamaGenerationRoutes } from "../routes/ollama/generation.ts";
import { ollamaModelRoutes } from "../routes/ollama/models.ts";
import { statusRoute } from "../routes/status.ts";
import type { StatusParts } from "../status.ts";
import { allowOrigin, answerPreflight } from "./cors.ts";
import { expectedFailure } from "../../host/framework-failure.ts";
import { errorAnswerOf } from "./errors.ts";
import { checkApiKey, checkOrigin, type GuardPolicy } from "./guard.ts";
import { acceptWebSockets, asksForWebSocket, type WebSockets } from "./upgrade.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Name of the key that it came with, if it has one. */
    application: string | undefined;
  }
}

export interface AppParts extends ResponsesParts, StatusParts {
  dispatch: Dispatch;
  peers: Peers;
  modelLists: ReadonlyMap<string, readonly string[]>;
  /** On `/v1/responses`. */
  webSockets: WebSockets;
  policy: GuardPolicy;
  random: Random;
  log: Log;
  metrics: Metrics;
  /** Undefined where nothing is traced. */
  tracer: Tracer | undefined;
}

const routes = [
  healthRoute, //           GET  /health
  statusRoute, //           GET  /status
  modelsRoutes, //          GET  /v1/models, /v1/models/{id}
  chatCompletionsRoute, //  POST /v1/chat/completions
  completionsRoute, //      POST /v1/completions
  embeddingsRoute, //       POST /v1/embeddings
  responsesRoute, //        POST /v1/responses
  keptResponsesRoutes, //   GET, DELETE /v1/responses/{id}, POST …/cancel, GET …/input_items; 501 for …/compact
  messagesRoutes, //        POST /v1/messages, /v1/messages/count_tokens
  ollamaGenerationRoutes, // POST /api/chat, /api/generate
  ollamaEmbeddingRoutes, // POST /api/embed, /api/embeddings
  ollamaModelRoutes, //     GET  /, /api/version, /api/tags, /api/ps, POST /api/show; 501 for the rest
] satisfies ((app: FastifyInstance, parts: AppParts) => void)[];

/** Until a request is there as a whole: twenty mebibytes through a slow tunnel. */
const requestWaitMs = 300_000;

/** Whoever hangs up in the middle of a body is nobody's fault here. */
const isReset = (error: unknown) => (error as { code?: unknown } | null)?.code === "ECONNRESET";

export async function createApp(parts: AppParts): Promise<FastifyInstance> {
  const { policy, random, log, webSockets } = parts;
  const patterns: RoutePattern[] = [];
  const app = fastify({
    logger: false,
    bodyLimit: limits.inferenceBodyBytes,
    // Streams are ended by their own signal; idle connections must not keep a stopping process waiting.
    forceCloseConnections: true,
    requestTimeout: requestWaitMs,
    routerOptions: { maxParamLength: limits.urlCharacters },
    http: {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersWaitMs,
      shouldUpgradeCallback: (request) => asksForWebSocket(request, webSockets.path),
    },
    genReqId: () => random.uuid(),
    frameworkErrors: (error, request, reply) => void sendError(error, request, reply),
    clientErrorHandler: ({ code }, socket) => {
      if (!socket.writable || code === "ECONNRESET") return void socket.destroy();
      const error = new TroopError(unreadableCode(code));
      // Which API was meant nobody could read.
      return answerBare(socket, errorAnswerOf(undefined, error, random.uuid()));
    },
  });
  // Bodies stay bytes: routes read them strictly, and applications that name no content type are understood.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));

  // A trace of the application's would be one over all that it asks of whichever nodes: theirs begin here.
  observeCalls(app, { ...parts, joinsTraces: false });
  app.decorateRequest("application", undefined);
  app.addHook("onRoute", ({ url, method }) => void patterns.push({ url, method }));
  app.addHook("onRequest", async (request, reply) => {
    const { raw } = request;
    // On the raw answer, because streams leave the framework's hands.
    reply.raw.setHeader(headers.requestId, request.id);
    reply.raw.setHeader(headers.anthropicRequestId, request.id);
    checkFraming(raw, { allowsEncodedSlash: true });
    const origin = checkOrigin(raw.headers, policy);
    if (origin !== undefined) {
      allowOrigin(raw, reply.raw, origin);
      if (raw.method === "OPTIONS") return answerPreflight(raw, reply);
    }
    if (raw.url !== "/health") request.application = checkApiKey(raw.headers, policy);
    return undefined;
  });

  function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const expected = expectedFailure(error);
    const hasLeft = request.raw.socket.destroyed && isReset(error);
    if (!expected && !hasLeft) log.error({ err: error, request: request.id }, "request failed");
    const shown = expected ?? new TroopError("internal_error");
    const answer = errorAnswerOf(request.raw.url, shown, request.id);
    if (shown.code === "bad_framing") void reply.header("connection", "close");
    return reply.code(answer.status).headers(answer.headers).send(answer.body);
  }
  app.setErrorHandler(sendError);
  app.setNotFoundHandler((request, reply) => {
    const methods = allowedMethods(patterns, pathOf(request.url));
    if (methods.length === 0) throw new TroopError("not_found");
    void reply.header("allow", methods.join(", "));
    throw new TroopError("method_not_allowed");
  });

  for (const route of routes) route(app, parts);
  acceptWebSockets(app.server, webSockets, parts);
  await app.ready();
  return app;
}
