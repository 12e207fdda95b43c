/** From a worker's knock to a socket that HTTP/2 can run on: by `Upgrade: troop-relay`, or through a WebSocket. */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createWebSocketStream, WebSocketServer } from "ws";
import { socketOf } from "../host/private-socket.ts";
import { relayProtocol } from "../host/relay-session.ts";
import { TroopError } from "../protocol/error-codes.ts";

export interface Knock {
  request: IncomingMessage;
  socket: Socket;
  /** What came behind the head. */
  head: Buffer;
}

/** Messages hold what one read of a socket gave. */
const messageBytes = 1_024 * 1_024;

/** Which way the worker asks for. @throws TroopError `invalid_value` */
export function upgradeKind({ request }: Knock): "raw" | "webSocket" {
  const asked = request.headers.upgrade?.toLowerCase();
  if (asked === relayProtocol) return "raw";
  if (asked === "websocket") return "webSocket";
  throw new TroopError("invalid_value", `The upgrade must be to ${relayProtocol}.`, {
    param: "upgrade",
  });
}

export function createUpgrade(): (knock: Knock) => Promise<Socket> {
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: messageBytes,
  });
  return async (knock) => {
    const { request, socket, head } = knock;
    if (upgradeKind(knock) === "webSocket") {
      const stream = await new Promise<Duplex>((resolve, reject) => {
        socket.once("close", () => reject(new Error("the worker went away")));
        webSockets.handleUpgrade(request, socket, head, (opened) =>
          resolve(createWebSocketStream(opened)),
        );
      });
      return socketOf(stream, socket);
    }
    if (head.length > 0) socket.unshift(head);
    const answer = `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${relayProtocol}\r\n\r\n`;
    // Over TLS a write ends later. One that ended under HTTP/2, which knows nothing of it, would end the process by an
    // assertion that nobody can catch.
    await new Promise<void>((resolve, reject) => {
      socket.write(answer, (error) => (error ? reject(error) : resolve()));
    });
    return socket;
  };
}
