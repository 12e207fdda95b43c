/** The relay's HTTP server, where it runs alone: clients' requests, workers' knocks, and how it is. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { checkFraming, pathOf } from "../host/framing.ts";
import { closeServer, listen, type ListenAddress } from "../host/listen.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { limits } from "../protocol/limits.ts";
import { refuse } from "./refuse.ts";
import { isKnock, nodeOfPath } from "./knock.ts";
import type { Relay } from "./relay.ts";

export interface RelayServerParts {
  clock: Clock;
  random: Random;
  relay: Relay;
  /** Body of `GET /health`. */
  health: () => object;
}

export interface RelayServer extends AsyncDisposable {
  readonly address: ListenAddress;
}

/** @throws TroopError `port_taken`, `configuration_invalid` */
export async function serveRelay(at: ListenAddress, parts: RelayServerParts): Promise<RelayServer> {
  const { clock, random, relay } = parts;
  const server = createServer({
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersWaitMs,
    requestTimeout: limits.inferenceBodyWaitMs,
    noDelay: true,
    shouldUpgradeCallback: isKnock,
  });
  // Node would drop what is more than it counts, without a word; `checkFraming` refuses it.
  server.maxHeadersCount = 0;

  function respond(request: IncomingMessage, response: ServerResponse): void {
    try {
      checkFraming(request);
      const path = pathOf(request.url ?? "");
      const node = nodeOfPath(path);
      if (node === undefined && path !== "/health") throw new TroopError("not_found");
      if (request.method !== (node === undefined ? "GET" : "POST"))
        throw new TroopError("method_not_allowed");
      if (node !== undefined) return void relay.infer(request, response, node);
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(parts.health()));
    } catch (error) {
      refuse(response, error as TroopError, { requestId: random.uuid(), now: clock.now() });
    }
  }

  server.on("request", respond);
  server.on(
    "upgrade",
    (request, socket, head) => void relay.upgrade(request, socket as Socket, head),
  );
  const address = await listen(server, at);
  return {
    address,
    [Symbol.asyncDispose]: () => closeServer(server),
  };
}
