/** Serves the inference path, and nothing else, to the clients of a relay. */
import type { IncomingHttpHeaders, ServerHttp2Session } from "node:http2";
import type { Random } from "../../base/random.ts";
import { TroopError } from "../../protocol/error-codes.ts";
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
      request.resume();
    });
  };
