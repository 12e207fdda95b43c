/** Bodies of calls: JSON, read strictly, neither too large nor too slowly, and not too many at once. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { IncomingMessage } from "node:http";
import type { Clock } from "../../base/clock.ts";
import { limits } from "../../protocol/limits.ts";
import { readStrictJson } from "../../protocol/strict-json.ts";
import { createBodiesInFlight, type Holder } from "./bodies-in-flight.ts";
import { readBody } from "./read-body.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The body as it was sent: what proofs are made over. */
    rawBody: Buffer | undefined;
    /** When its last byte was read, monotonic ms: the headers alone prove nothing done. */
    arrivedAt: number;
    /** Whose memory its body counts as; undefined: that of strangers. */
    holder: Holder | undefined;
    heldBytes: number;
  }
}

const nobody: Holder = { isKnown: false, key: undefined };

export function readBodies(app: FastifyInstance, clock: Clock): void {
  const inFlight = createBodiesInFlight();
  app.decorateRequest("rawBody", undefined);
  app.decorateRequest("arrivedAt", 0);
  app.decorateRequest("holder", undefined);
  app.decorateRequest("heldBytes", 0);

  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "application/json",
    async (request: FastifyRequest, payload: IncomingMessage) => {
      request.rawBody = await readBody(payload, {
        ...{ clock, most: request.routeOptions.bodyLimit, length: lengthOf(request) },
        onBytes(count) {
          inFlight.hold(request.holder ?? nobody, count);
          request.heldBytes += count;
        },
      });
      request.arrivedAt = clock.monotonic();
      return readStrictJson(request.rawBody, limits.callJsonValues);
    },
  );
  // Also where the caller has gone: `onResponse` is for answers that were sent.
  app.addHook("preParsing", async (request, { raw }) => {
    raw.once("close", () => inFlight.release(request.holder ?? nobody, request.heldBytes));
  });
}

const lengthOf = ({ headers }: FastifyRequest): number | undefined =>
  headers["content-length"] === undefined ? undefined : Number(headers["content-length"]);
