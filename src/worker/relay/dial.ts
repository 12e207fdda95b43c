/**
 * Dials out to a relay: by `Upgrade: troop-relay`, and where something in between refuses that, through a WebSocket.
 * Either way the result is a real socket, on which the relay speaks HTTP/2 as its client.
 */
import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { createWebSocketStream, WebSocket } from "ws";
import { type Clock, deadline } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import { socketOf } from "../../host/private-socket.ts";
import { relayPath, relayProtocol } from "../../host/relay-session.ts";
import { errorAnswer } from "../../protocol/endpoints.ts";
import { isErrorCode, TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import { createProof } from "../../protocol/proof.ts";
import type { Signer } from "../../protocol/signature.ts";
import { headers } from "../../protocol/version.ts";

export interface DialParts {
  node: Signer;
  clock: Clock;
  random: Random;
  /** Coordinator time, ms. */
  now: () => number;
}

/** @throws TroopError the relay's refusal; `timeout`; the network's error; the reason of `signal` */
export type Dial = (relay: string, signal: AbortSignal) => Promise<Socket>;

export function createDial({ node, clock, random, now }: DialParts): Dial {
  const prove = async (relay: string) => ({
    [headers.proof]: await createProof(node, random, now(), {
      method: "GET",
      url: relay + relayPath,
    }),
  });
  /** Relays that only a WebSocket got to: it is tried first there, while it works. */
  const behindProxy = new Set<string>();
  return async (relay, signal) => {
    using limit = deadline(
      clock,
      limits.relayDialMs,
      new TroopError("timeout", `The relay ${relay} did not answer in time.`),
    );
    const enough = AbortSignal.any([signal, limit.signal]);
    enough.throwIfAborted();
    const byWebSocket = async () => dialWebSocket(relay, await prove(relay), enough);
    // Not only faster: the other way's proof would be as new as this one's, of which the relay takes the first.
    if (behindProxy.has(relay)) {
      behindProxy.delete(relay);
      const socket = await byWebSocket();
      behindProxy.add(relay);
      return socket;
    }
    try {
      return await dialRaw(relay, await prove(relay), enough);
    } catch (error) {
      enough.throwIfAborted();
      // The relay's own word. Anything else was said by somebody in between, who may let a WebSocket pass.
      if (error instanceof TroopError || isNobodyThere(error)) throw error;
      behindProxy.add(relay);
      return await byWebSocket();
    }
  };
}

const isNobodyThere = (error: unknown): boolean =>
  ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"].includes(
    (error as NodeJS.ErrnoException).code ?? "",
  );

function dialRaw(
  relay: string,
  proof: Record<string, string>,
  signal: AbortSignal,
): Promise<Socket> {
  const request = (relay.startsWith("https:") ? httpsRequest : httpRequest)(relay + relayPath, {
    agent: false,
    headers: { ...proof, connection: "Upgrade", upgrade: relayProtocol },
    maxHeaderSize: limits.headerBytes,
  });
  return upgraded(request, signal, (_response, socket, head) => {
    if (head.length > 0) socket.unshift(head);
    return socket;
  });
}

/** @param take what becomes of the socket; it is called within the event */
function upgraded(
  request: ClientRequest,
  signal: AbortSignal,
  take: (response: IncomingMessage, socket: Socket, head: Buffer) => Socket,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const abort = () => request.destroy(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    request.once("close", () => signal.removeEventListener("abort", abort));
    request.once("upgrade", (response, socket, head) => {
      signal.removeEventListener("abort", abort);
      const agreed = response.headers.upgrade?.toLowerCase() === relayProtocol;
      if (agreed) return resolve(take(response, socket as Socket, head));
      socket.destroy();
      reject(new Error("another protocol was agreed to"));
    });
    request.once("response", (response) => {
      refusalOf(response).then(reject, reject);
    });
    request.on("error", reject);
    request.end();
  });
}

function dialWebSocket(
  relay: string,
  proof: Record<string, string>,
  signal: AbortSignal,
): Promise<Socket> {
  const webSocket = new WebSocket(relay.replace(/^http/, "ws") + relayPath, {
    headers: proof,
    perMessageDeflate: false,
    followRedirects: false,
  });
  return new Promise((resolve, reject) => {
    const abort = () => webSocket.terminate();
    signal.addEventListener("abort", abort, { once: true });
    const over = () => signal.removeEventListener("abort", abort);
    webSocket.once("upgrade", ({ socket }) => {
      webSocket.once("open", () => {
        over();
        socketOf(createWebSocketStream(webSocket), socket).then(resolve, reject);
      });
    });
    webSocket.once("unexpected-response", (_request, response) => {
      over();
      refusalOf(response).then(reject, reject);
    });
    webSocket.on("error", (error) => {
      over();
      reject(signal.aborted ? (signal.reason as Error) : error);
    });
  });
}

const refusalBytes = 16 * 1_024;

/** What was said instead of 101: a `TroopError` where a relay said it, else a plain error. */
async function refusalOf(response: IncomingMessage): Promise<Error> {
  let text = "";
  response.setEncoding("utf8");
  for await (const chunk of response) {
    text += chunk as string;
    if (text.length > refusalBytes) break;
  }
  const plain = new Error(`answered ${response.statusCode}`);
  try {
    const { code, message } = errorAnswer.parse(JSON.parse(text)).error;
    const seconds = Number(response.headers["retry-after"]);
    const wait = seconds > 0 ? { retryAfterMs: seconds * 1_000 } : {};
    return isErrorCode(code) ? new TroopError(code, message, { cause: plain, ...wait }) : plain;
  } catch {
    return plain;
  }
}
