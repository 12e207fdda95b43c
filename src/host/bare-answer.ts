/** An answer on a bare socket: to what Node's parser could not read, and to an upgrade that is refused. */
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { ErrorCode } from "../protocol/error-codes.ts";

export interface BareAnswer {
  status: number;
  headers: Readonly<Record<string, string | number>>;
  body: object;
}

/** Ends the connection with it. */
export function answerBare(socket: Duplex, { status, headers, body }: BareAnswer): void {
  const text = JSON.stringify(body);
  const lines = { ...headers, "content-length": Buffer.byteLength(text), connection: "close" };
  // Nobody counts this socket any more: left half open, it would keep a stopping server waiting.
  socket.once("finish", () => socket.destroy());
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Refused"}`,
      ...Object.entries(lines).map(([name, value]) => `${name}: ${value}`),
      "",
      text,
    ].join("\r\n"),
  );
}

/** @param code of the parser's error */
export function unreadableCode(code: string | undefined): ErrorCode {
  if (code === "HPE_HEADER_OVERFLOW") return "headers_too_large";
  return code === "ERR_HTTP_REQUEST_TIMEOUT" ? "request_timeout" : "bad_framing";
}
