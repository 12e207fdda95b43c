/** Serves the inference path, and nothing else, to the clients of a relay. */
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Random } from "../../base/random.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import { headers } from "../../protocol/version.ts";
import type { Exchanges } from "../proxy/exchanges.ts";
import { refusePlainly } from "../proxy/refusal.ts";
import { answerWireOf } from "./stream-wire.ts";

export interface ServeRelayedParts {
  exchanges: Exchanges;
  random: Random;
}

export const createServeRelayed =
  ({ exchanges, random }: ServeRelayedParts) =>
  (session: ServerHttp2Session): void => {
    session.on("stream", (request, sent: IncomingHttpHeaders) => {
      const requestId = random.uuid();
      // "close" follows.
      request.on("error", () => undefined);
      const response = answerWireOf(request, { [headers.requestId]: requestId });
      if (sent[":path"] === "/infer" && sent[":method"] === "POST")
        return exchanges.take({ request, headers: sent, response, requestId });
      refusePlainly(response, new TroopError("not_found"), requestId);
      discard(request);
    });
  };

/** The rest is read while it is short, so that the refusal arrives; whoever goes on is hung up on. */
function discard(request: ServerHttp2Stream): void {
  let size = 0;
  request.on("data", (chunk: Uint8Array) => {
    size += chunk.length;
    if (size > limits.bodyBytes) request.destroy();
  });
}
