/** From a request to a WebSocket: what stands before every request stands before this one too. */
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Random } from "../../base/random.ts";
import { answerBare } from "../../host/bare-answer.ts";
import { expectedFailure } from "../../host/framework-failure.ts";
import { checkFraming, pathOf } from "../../host/framing.ts";
import type { Log } from "../../host/log.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import { errorAnswerOf } from "./errors.ts";
import { checkApiKey, checkOrigin, type GuardPolicy } from "./guard.ts";

export interface WebSockets {
  /** The one path that they are on. */
  path: string;
  /** @throws TroopError where no further one may be opened */
  checkRoom(): void;
  /** Takes one over that is open. @param application the name of the key that it was opened with, if it has one */
  serve(socket: WebSocket, requestId: string, application: string | undefined): void;
}

/** What asks for something else than a WebSocket, or elsewhere, is a request like any other: it is not bound to change. */
export const asksForWebSocket = ({ headers: sent, url = "" }: IncomingMessage, path: string) =>
  sent.upgrade?.toLowerCase() === "websocket" && pathOf(url) === path;

export function acceptWebSockets(
  server: Server,
  { path, checkRoom, serve }: WebSockets,
  { policy, random, log }: { policy: GuardPolicy; random: Random; log: Log },
): void {
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.inferenceBodyBytes,
  });

  // The library's own words for it are no error object of this API.
  webSockets.on("wsClientError", (_error, socket, request) =>
    refuse(socket, request, new TroopError("invalid_value", badHandshake), random.uuid()),
  );

  /** @returns the application's name */
  function check(request: IncomingMessage): string | undefined {
    checkFraming(request, { allowsEncodedSlash: true });
    checkOrigin(request.headers, policy);
    const application = checkApiKey(request.headers, policy);
    // Where Node knows no way to pass over an upgrade (before 24.9), those to something else end here.
    if (!asksForWebSocket(request, path)) throw new TroopError("not_found");
    checkRoom();
    return application;
  }

  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const requestId = random.uuid();
    socket.on("error", () => socket.destroy());
    let application: string | undefined;
    try {
      application = check(request);
    } catch (error) {
      const expected = expectedFailure(error);
      if (!expected) log.error({ err: error, request: requestId }, "an upgrade failed");
      return refuse(socket, request, expected ?? new TroopError("internal_error"), requestId);
    }
    return webSockets.handleUpgrade(request, socket, head, (opened) =>
      serve(opened, requestId, application),
    );
  });
}

const badHandshake = "The request for a WebSocket is none that RFC 6455 knows.";

function refuse(
  socket: Duplex,
  { url }: IncomingMessage,
  error: TroopError,
  requestId: string,
): void {
  answerBare(socket, errorAnswerOf(url, error, requestId));
}
