/** From a request to a WebSocket: what stands before every request stands before this one too. */
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Random } from "../../base/random.ts";
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
  /** Takes one over that is open. */
  serve(socket: WebSocket, requestId: string): void;
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

  function check(request: IncomingMessage): void {
    checkFraming(request, { allowsEncodedSlash: true });
    checkOrigin(request.headers, policy);
    checkApiKey(request.headers, policy);
    // Where Node knows no way to pass over an upgrade (before 24.9), those to something else end here.
    if (!asksForWebSocket(request, path)) throw new TroopError("not_found");
    checkRoom();
  }

  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const requestId = random.uuid();
    socket.on("error", () => socket.destroy());
    try {
      check(request);
    } catch (error) {
      const expected = expectedFailure(error);
      if (!expected) log.error({ err: error, request: requestId }, "an upgrade failed");
      return refuse(socket, request, expected ?? new TroopError("internal_error"), requestId);
    }
    return webSockets.handleUpgrade(request, socket, head, (opened) => serve(opened, requestId));
  });
}

function refuse(
  socket: Duplex,
  { url }: IncomingMessage,
  error: TroopError,
  requestId: string,
): void {
  const { status, headers: head, body } = errorAnswerOf(url, error, requestId);
  const text = JSON.stringify(body);
  // Nobody counts this socket any more: left half open, it would keep a stopping server waiting.
  socket.once("finish", () => socket.destroy());
  const lines = { ...head, "content-length": Buffer.byteLength(text), connection: "close" };
  socket.end(
    [
      `HTTP/1.1 ${status} Refused`,
      ...Object.entries(lines).map(([name, value]) => `${name}: ${value}`),
      "",
      text,
    ].join("\r\n"),
  );
}
