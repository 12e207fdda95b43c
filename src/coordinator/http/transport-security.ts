/** Says over TLS that it is always spoken here (RFC 6797): a browser then never asks without it again. */
import type { FastifyInstance } from "fastify";
import type { IsSecure } from "../../host/client-address.ts";

const aYear = "max-age=31536000";

export function demandTls(app: FastifyInstance, isSecure: IsSecure): void {
  app.addHook("onRequest", async ({ raw }, reply) => {
    if (isSecure(raw)) void reply.header("strict-transport-security", aYear);
  });
}
