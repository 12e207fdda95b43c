/**
 * One request on its way through: the client's HTTP/1 message becomes a stream of the worker's connection, and back.
 * Nothing is kept but what waits for a slow reader, and nothing of it is read.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from "node:http2";
import type { Clock } from "../base/clock.ts";
import { readerProgress } from "../host/reader-progress.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { limits } from "../protocol/limits.ts";
import type { Link } from "./links.ts";
import { answerHeaders, answerTrailers, requestHeaders } from "./passed-headers.ts";
import type { StreamUse } from "./quotas.ts";

export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

/**
 * Resolves when the stream is over, however it ended. A worker that goes away in between takes the client's connection
 * with it, at once: what was answered so far must not pass for an answer.
 * @throws TroopError `node_unreachable`, `busy`; both only where nothing was sent
 */
export function forward(
  { request, response }: Exchange,
  link: Link,
  use: StreamUse,
  clock: Clock,
): Promise<void> {
  const stream = openStream(link, request);
  link.streams += 1;
  let written = 0;
  let isWhole = false;
  const cut = () => {
    stream.close(constants.NGHTTP2_CANCEL);
    response.destroy();
  };
  const reader = readerProgress(response, clock, () => written, cut);
  let silence = clock.timer(limits.relaySilenceMs, cut);
  const moved = (bytes: number) => {
    silence.cancel();
    silence = clock.timer(limits.relaySilenceMs, cut);
    if (!use.take(bytes)) cut();
  };

  request.on("data", (chunk: Uint8Array) => {
    moved(chunk.length);
    if (!stream.writable || stream.write(chunk)) return;
    request.pause();
  });
  stream.on("drain", () => request.resume());
  request.once("end", () => stream.writable && stream.end());
  request.once("error", cut);

  stream.once("response", (head) => {
    const status = head[":status"];
    // Whatever three digits a stranger sends come through HTTP/2; of some of them HTTP/1 makes an exception.
    if (!isAnswer(status)) return cut();
    try {
      response.writeHead(status, answerHeaders(head));
      // A refusal may come long before the first byte of a body, and an answer long before its first word.
      response.flushHeaders();
    } catch {
      cut();
    }
  });
  stream.on("data", (chunk: Uint8Array) => {
    moved(chunk.length);
    written += chunk.length;
    if (response.write(chunk)) return;
    stream.pause();
    reader.expect();
  });
  response.on("drain", () => {
    reader.cancel();
    stream.resume();
  });
  stream.once("trailers", (sent: IncomingHttpHeaders) => {
    try {
      response.addTrailers(answerTrailers(sent));
    } catch {
      cut();
    }
  });
  stream.once("end", () => {
    // Node also reports an end where the stream was reset or the connection broke.
    const isCut = stream.destroyed || stream.rstCode !== constants.NGHTTP2_NO_ERROR;
    if (isCut || !response.headersSent) return;
    isWhole = true;
    reader.expect();
    response.end();
    discardRest(request, clock);
  });
  stream.on("error", () => undefined);

  return new Promise<void>((resolve, reject) => {
    stream.once("close", () => {
      // The worker had not so much as looked at it.
      if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM && !response.headersSent)
        return reject(new TroopError("node_unreachable"));
      if (!isWhole) response.destroy();
      if (response.closed) resolve();
    });
    response.once("close", () => {
      if (!response.writableFinished) stream.close(constants.NGHTTP2_CANCEL);
      if (stream.closed) resolve();
    });
    if (response.destroyed) cut();
  }).finally(() => {
    silence.cancel();
    reader.cancel();
    link.streams -= 1;
  });
}

function openStream(link: Link, { headers, url }: IncomingMessage): ClientHttp2Stream {
  if (link.streams >= limits.relayStreamsPerNode)
    throw new TroopError("busy", undefined, { retryAfterMs: 1_000 });
  try {
    return link.session.request(
      { ":method": "POST", ":path": pathAtWorker(url), ...requestHeaders(headers) },
      { endStream: false },
    );
  } catch (cause) {
    // The connection has just ended.
    throw new TroopError("node_unreachable", undefined, { cause });
  }
}

const isAnswer = (status: number | undefined): status is number =>
  status !== undefined && status >= 200 && status <= 599;

/** `/infer` of `/relay/<node>/infer`. */
const pathAtWorker = (url = ""): string => url.replace(/^\/relay\/[^/]+/, "");

/** The answer was given before the request was whole: the rest is read, so that the client gets to the answer. */
function discardRest(request: IncomingMessage, clock: Clock): void {
  if (request.complete) return;
  const timer = clock.timer(limits.inferenceBodyWaitMs, () => request.destroy());
  request.once("close", () => timer.cancel());
  let left = limits.discardedBytes;
  request.removeAllListeners("data").on("data", (chunk: Uint8Array) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
  request.resume();
}
