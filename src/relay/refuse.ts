/** How a relay refuses: the one error object, as an answer or on a connection that was to become something else. */
import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock } from "../base/clock.ts";
import { refusalHeaders } from "../host/too-many-calls.ts";
import type { TroopError } from "../protocol/error-codes.ts";
import { errorBody } from "../protocol/error-object.ts";
import { headers } from "../protocol/version.ts";

export interface RefusalContext {
  requestId: string;
  /** Coordinator time, ms. */
  now: number;
}

const headersOf = (error: TroopError, { requestId, now }: RefusalContext) => ({
  "content-type": "application/json; charset=utf-8",
  [headers.requestId]: requestId,
  [headers.time]: String(now),
  ...(error.retryAfterMs === undefined
    ? {}
    : { "retry-after": String(Math.max(1, Math.ceil(error.retryAfterMs / 1_000))) }),
  ...refusalHeaders(error),
});

/** What was not read of the request must not be taken for the next one: the connection ends. */
export function refuse(response: ServerResponse, error: TroopError, context: RefusalContext): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  response.writeHead(error.status, { ...headersOf(error, context), connection: "close" });
  response.end(JSON.stringify(errorBody(error, context.requestId)));
}

/** How long the refused one may take to read why. */
const hangUpMs = 2_000;

export function refuseUpgrade(
  clock: Clock,
  socket: Duplex,
  error: TroopError,
  context: RefusalContext,
): void {
  const body = JSON.stringify(errorBody(error, context.requestId));
  const sent = { ...headersOf(error, context), connection: "close" };
  const lines = Object.entries(sent).map(([name, value]) => `${name}: ${value}`);
  const status = `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? "Refused"}`;
  const length = `content-length: ${Buffer.byteLength(body)}`;
  // After an upgrade no time-out of HTTP's holds, and nobody would notice that the other end has hung up, or never does.
  const over = clock.timer(hangUpMs, () => socket.destroy());
  socket.once("close", () => over.cancel());
  socket.resume();
  socket.end([status, ...lines, length, "", body].join("\r\n"));
}
