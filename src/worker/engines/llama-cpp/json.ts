/** JSON answers of the built-in engine, good ones and errors. */
import type { ServerResponse } from "node:http";
import { TroopError } from "../../../protocol/error-codes.ts";

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

/** The OpenAI error object. Unexpected errors keep their text: parent and child are one program. */
export function errorBody(error: unknown): { status: number; body: { error: object } } {
  const known =
    error instanceof TroopError
      ? error
      : new TroopError("engine_error", error instanceof Error ? error.message : String(error));
  const { status, message, code, param } = known;
  const type = status < 500 ? "invalid_request_error" : "server_error";
  return { status, body: { error: { message, type, param: param ?? null, code } } };
}
