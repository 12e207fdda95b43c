/**
 * The worker's ear for its owner: HTTP with JSON over a Unix socket (on Windows a named pipe) that only the owner's
 * own user can open. Everything that steers a worker goes through here, so that no port of it can be told anything.
 */
import { chmodSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { Random } from "../../base/random.ts";
import { closeServer } from "../../host/listen.ts";
import type { Log } from "../../host/log.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { errorBody } from "../../protocol/error-object.ts";
import { limits } from "../../protocol/limits.ts";
import { controlPath } from "./control-path.ts";

/** By method and path, such as `POST /pause`: what is done, and what is answered. */
export type ControlVerbs = Readonly<Record<string, (body: unknown) => object | Promise<object>>>;

export interface ControlParts {
  /** The worker's own. */
  folder: string;
  verbs: ControlVerbs;
  random: Random;
  log: Log;
}

/** Never rejects: without it a worker works all the same, it only cannot be told anything while it runs. */
export async function openControl(parts: ControlParts): Promise<AsyncDisposable> {
  try {
    return await listenAt(controlPath(parts.folder), parts);
  } catch (error) {
    parts.log.warn({ err: error }, "the worker has no control socket");
    return { [Symbol.asyncDispose]: () => Promise.resolve() };
  }
}

async function listenAt(path: string, parts: ControlParts): Promise<AsyncDisposable> {
  const { random } = parts;
  const server = createServer({ maxHeaderSize: limits.headerBytes }, (request, response) => {
    void respond(request, response, parts, random.uuid());
  });
  const isPipe = process.platform === "win32";
  // Left by a worker that was killed: the folder's lock says that nobody else can be listening there.
  if (!isPipe) rmSync(path, { force: true });
  server.listen(path);
  await once(server, "listening");
  if (!isPipe) chmodSync(path, 0o600);
  return { [Symbol.asyncDispose]: () => closeServer(server) };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { verbs, log }: ControlParts,
  requestId: string,
): Promise<void> {
  const send = (status: number, body: object) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  try {
    const name = `${request.method} ${request.url}`;
    const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
    if (!verb) throw new TroopError("not_found");
    send(200, await verb(await readJson(request)));
  } catch (error) {
    if (!(error instanceof TroopError)) log.error({ err: error }, "control socket");
    const known = error instanceof TroopError ? error : new TroopError("internal_error");
    send(known.status, errorBody(known, requestId));
    request.resume();
  }
}

/** Undefined where there is no body. @throws TroopError `request_too_large`, `invalid_json` */
async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8") as AsyncIterable<string>) {
    text += chunk;
    if (text.length > limits.bodyBytes) throw new TroopError("request_too_large");
  }
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TroopError("invalid_json", undefined, { cause: error });
  }
}
