/** The HTTP server's manners, whatever its routes: strict reading, one shape of error, the time on every answer. */
import { fastify, type FastifyError, type FastifyInstance, type FastifyReply } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import type { ServerOptions } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { Certificate } from "../../host/certificate.ts";
import type { IsSecure } from "../../host/client-address.ts";
import type { Log } from "../../host/log.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import { headers } from "../../protocol/version.ts";
import { allowedMethods, type RoutePattern } from "../../host/allowed-methods.ts";
import { isKnock } from "../../relay/knock.ts";
import { refusalHeaders } from "../../host/too-many-calls.ts";
import { errorBody } from "../../protocol/error-object.ts";
import { readBodies } from "./bodies.ts";
import { expectedError } from "./error-answer.ts";
import { answerBare, unreadableCode } from "../../host/bare-answer.ts";
import { checkFraming, pathOf } from "../../host/framing.ts";
import { demandTls } from "./transport-security.ts";

export interface ServerParts {
  clock: Clock;
  random: Random;
  log: Log;
  /** Undefined: without TLS. */
  certificate?: Certificate | undefined;
  /** Whether a call came over TLS, be it to a proxy; undefined where nobody is told. */
  isSecure?: IsSecure;
}

export function createServer(parts: ServerParts): FastifyInstance {
  const { clock, random, log, certificate, isSecure } = parts;
  const patterns: RoutePattern[] = [];
  const reading: ServerOptions = {
    ...{ maxHeaderSize: limits.headerBytes, headersTimeout: limits.headersWaitMs },
    // Else Node looks for who is late only twice a minute.
    connectionsCheckingInterval: 1_000,
    shouldUpgradeCallback: (request) => app.server.listenerCount("upgrade") > 0 && isKnock(request),
  };
  const app: FastifyInstance = fastify({
    logger: false,
    bodyLimit: limits.bodyBytes,
    routerOptions: { maxParamLength: limits.urlCharacters },
    requestTimeout: limits.writeTimeoutMs,
    keepAliveTimeout: 75_000,
    // Streams of this server are short; stopping waits for requests, not for idle connections.
    forceCloseConnections: "idle",
    // One of the two; with both of their types nothing else would have one.
    ...({ http: reading, ...(certificate && { https: { ...reading, ...certificate } }) } as {
      http: ServerOptions;
    }),
    genReqId: ({ headers: sent }) => requestIdOf(sent[headers.requestId], random),
    frameworkErrors: (error, request, reply) => {
      const expected = expectedError(error) ?? new TroopError("invalid_path");
      // The route is not known yet, and with it no type of answer.
      const untyped = reply as unknown as FastifyReply;
      void untyped
        .headers({ [headers.requestId]: request.id, [headers.time]: clock.now() })
        .code(expected.status)
        .send(errorBody(expected, request.id));
    },
    clientErrorHandler: (error, socket) => answerUnreadable(error, socket, clock, random),
  });
  // Node alone would answer 417 without a word; what is expected of us besides `100-continue` is nothing that matters.
  app.server.on("checkExpectation", (request, response) => app.routing(request, response));
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  readBodies(app, clock);
  if (isSecure) demandTls(app, isSecure);

  app.addHook("onRoute", ({ method, url }) => {
    patterns.push({ method, url });
  });
  app.addHook("onRequest", async (request, reply) => {
    void reply.header(headers.requestId, request.id);
    checkFraming(request.raw);
  });
  app.addHook("onSend", async (_request, reply) => {
    void reply.header(headers.time, clock.now());
  });

  app.setNotFoundHandler((request) => {
    const methods = allowedMethods(patterns, pathOf(request.raw.url ?? ""));
    if (methods.length === 0) throw new TroopError("not_found");
    throw new TroopError("method_not_allowed", undefined, {
      details: { allow: methods.join(", ") },
    });
  });

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const expected = expectedError(error);
    if (!expected) log.error({ err: error, request: request.id }, "a request failed unexpectedly");
    else if (expected.status >= 500)
      log.warn({ code: expected.code, request: request.id }, "a request could not be served");
    const shown = expected ?? new TroopError("internal_error");
    if (shown.retryAfterMs !== undefined)
      void reply.header("retry-after", Math.max(1, Math.ceil(shown.retryAfterMs / 1_000)));
    void reply.headers(refusalHeaders(shown));
    if (shown.code === "method_not_allowed") void reply.header("allow", shown.details["allow"]);
    // What was not read to its end must not be taken for the next request.
    if (shown.code === "bad_framing" || shown.code === "headers_too_large")
      void reply.header("connection", "close");
    return reply.code(shown.status).send(errorBody(shown, request.id));
  });
  return app;
}

function requestIdOf(sent: string | string[] | undefined, random: Random): string {
  return typeof sent === "string" && /^[\w-]{8,64}$/.test(sent) ? sent : random.uuid();
}

/** What Node's parser could not read has no request yet; it is answered on the bare socket. */
function answerUnreadable(
  { code }: NodeJS.ErrnoException,
  socket: Socket,
  clock: Clock,
  random: Random,
): void {
  if (!socket.writable || code === "ECONNRESET") return void socket.destroy();
  const error = new TroopError(unreadableCode(code));
  const requestId = random.uuid();
  answerBare(socket, {
    status: error.status,
    headers: {
      "content-type": "application/json; charset=utf-8",
      [headers.time]: clock.now(),
      [headers.requestId]: requestId,
    },
    body: errorBody(error, requestId),
  });
}
