/** Every endpoint of the coordinator: a table of contents. */
import swagger from "@fastify/swagger";
import type { FastifyInstance } from "fastify";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";
import { packageVersion } from "../../host/package.ts";
import { accountKeysRoute } from "./routes/account-keys.ts";
import { acknowledgementsRoute } from "./routes/acknowledgements.ts";
import { authorizeRoute } from "./routes/authorize.ts";
import { balanceRoute } from "./routes/balance.ts";
import { demandRoute } from "./routes/demand.ts";
import { enrolRoute } from "./routes/enrol.ts";
import { healthRoute } from "./routes/health.ts";
import { heartbeatRoute } from "./routes/heartbeat.ts";
import { joinRoute } from "./routes/join.ts";
import { keysRoute } from "./routes/keys.ts";
import { modelsRoute } from "./routes/models.ts";
import { peersRoute } from "./routes/peers.ts";
import { receiptsRoute } from "./routes/receipts.ts";
import { relayRoute } from "./routes/relay.ts";
import { submitRoute } from "./routes/submit.ts";
import { tariffRoute } from "./routes/tariff.ts";
import { transactionsRoute } from "./routes/transactions.ts";
import { transfersRoute } from "./routes/transfers.ts";
import { createServer, type ServerParts } from "./server.ts";
import { withZod, type Services } from "./services.ts";

const routes = [
  healthRoute, //            GET  /health
  keysRoute, //              GET  /public-key, /.well-known/jwks.json
  joinRoute, //              POST /users
  balanceRoute, //           GET  /users/:id/balance
  transactionsRoute, //      GET  /users/:id/transactions
  accountKeysRoute, //       GET, POST /users/:id/keys, DELETE /users/:id/keys/:key
  transfersRoute, //         POST /transfers
  enrolRoute, //             POST /nodes
  heartbeatRoute, //         POST /heartbeat
  peersRoute, //             GET  /peers, /nodes
  modelsRoute, //            GET  /v1/models
  tariffRoute, //            GET  /tariff
  demandRoute, //            GET  /demand
  authorizeRoute, //         POST /authorize
  receiptsRoute, //          POST /receipts
  acknowledgementsRoute, //  POST /acknowledgements
  submitRoute, //            POST /transactions/submit
  relayRoute, //             POST /relay/:node/infer, and GET /relay for workers
];

export async function createApp(parts: ServerParts, services: Services): Promise<FastifyInstance> {
  const app = createServer(parts);
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Monkey Troop coordinator",
        description: "Introduces, tickets and keeps the books; it never sees a prompt.",
        version: packageVersion,
      },
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  await app.register(async (scope) => {
    for (const route of routes) route(withZod(scope), services);
    scope.get("/openapi.json", { schema: { hide: true } as object }, async () => app.swagger());
  });
  await app.ready();
  return app;
}
