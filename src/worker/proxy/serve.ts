/**
 * The worker's HTTP server. `POST /infer` carries sealed requests; `/health` and `/status` say how it is.
 *
 * A request of `POST /infer` is refused in one of two ways:
 * - before its ticket and secret are proven: a plain HTTP error, `{error, request_id}` with the code's status;
 * - afterwards: outer status 200, a head frame with the status that counts, body frames with the error object,
 *   and the end: no line. Where the engine was asked first (`engine_error`, `context_length_exceeded`,
 *   `unsupported_parameter`, `timeout`, `draining` and `owner_busy` with messages of their own), the number is used and a line
 *   of cost 0 goes to the coordinator all the same; after every other refusal the number may be used again.
 * An answer is a head frame with status 200, body frames, and the line frame alone, final:
 * - chat and completions: `text/event-stream`; body frames hold events `data: {json}` and an empty line each,
 *   cut anywhere, without `[DONE]`, which the sidecar writes once it has the line;
 * - embeddings: `application/json`; the body frames together are one document;
 * - where the engine broke off: `data: {"error": …}` as the last event, then the line (`worker_error`, cost 0).
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { isIP } from "node:net";
import { assert } from "../../base/error.ts";
import type { Random } from "../../base/random.ts";
import { checkFraming } from "../../host/framing.ts";
import { closeServer, listen, type ListenAddress } from "../../host/listen.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import { headers } from "../../protocol/version.ts";
import type { Exchanges } from "./exchanges.ts";
import { refusePlainly } from "./refusal.ts";

export interface ServeParts {
  exchanges: Exchanges;
  random: Random;
  /** Bodies of `GET /health` and `GET /status`; the second is no place for what only the owner should read. */
  health: () => object;
  status: () => object;
}

export interface InferenceServer extends AsyncDisposable {
  /** Where it listens. */
  readonly address: ListenAddress;
}

/** @throws TroopError `port_taken`, `configuration_invalid` */
async function serve(at: ListenAddress, parts: ServeParts): Promise<InferenceServer> {
  const { random, exchanges } = parts;
  const server = createServer({
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersWaitMs,
    // Head and body have limits of their own, on the injected clock.
    requestTimeout: 0,
    noDelay: true,
  });
  // Node would drop what is more than it counts, without a word; `checkFraming` refuses it.
  server.maxHeadersCount = 0;

  function respond(request: IncomingMessage, response: ServerResponse) {
    const requestId = random.uuid();
    response.setHeader(headers.requestId, requestId);
    const refuse = (code: "not_found" | "method_not_allowed", allow?: string) => {
      if (allow) response.setHeader("allow", allow);
      refusePlainly(response, new TroopError(code), requestId);
      request.resume();
    };
    try {
      checkFraming(request);
    } catch (error) {
      // What was not read to its end must not be taken for the next request.
      response.setHeader("connection", "close");
      return refusePlainly(response, error as TroopError, requestId);
    }
    switch (request.url) {
      case "/infer": {
        if (request.method !== "POST") return refuse("method_not_allowed", "POST");
        return exchanges.take({ request, headers: request.headers, response, requestId });
      }
      case "/health":
      case "/status":
        if (request.method !== "GET") return refuse("method_not_allowed", "GET");
        if (request.url === "/health") return sendJson(response, parts.health());
        return isFromHere(request) ? sendJson(response, parts.status()) : refuse("not_found");
      default:
        return refuse("not_found");
    }
  }

  server.on("request", respond);
  const address = await listen(server, at);
  return {
    address,
    async [Symbol.asyncDispose]() {
      await closeServer(server);
      await exchanges.ended();
    },
  };
}

/** A port that is taken is passed over, but for the last address. @throws TroopError as `serve` */
export async function serveAtFirstFree(
  candidates: readonly ListenAddress[],
  parts: ServeParts,
): Promise<InferenceServer> {
  const [first, ...rest] = candidates;
  assert(first, "there is an address to listen on");
  try {
    return await serve(first, parts);
  } catch (error) {
    const isTaken = error instanceof TroopError && error.code === "port_taken";
    if (!isTaken || rest.length === 0) throw error;
    return serveAtFirstFree(rest, parts);
  }
}

function sendJson(response: ServerResponse, body: object): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

/**
 * Details are for whoever sits at this machine, also where it listens on its mesh address only. A page in their browser
 * is not: its own name can be made to point here, but not an address's or `localhost`.
 */
function isFromHere({ socket, headers: { host = "" } }: IncomingMessage): boolean {
  const name = host.replace(/:\d*$/, "");
  const isLiteral = isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0;
  return socket.remoteAddress === socket.localAddress && (isLiteral || /^localhost$/i.test(name));
}
