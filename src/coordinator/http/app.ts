/** Every endpoint of the coordinator: a table of contents. */
import swagger from "@fastify/swagger";
import type { FastifyInstance } from "fastify";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";
import { observeCalls } from "../../host/observe/observe-calls.ts";
import { packageVersion } from "../../host/package.ts";
import { hideAdmin, registerAdmin } from "./admin-guard.ts";
import { auditRefusals } from "./audited.ts";
import { accountKeysRoute } from "./routes/account-keys.ts";
import { acknowledgementsRoute } from "./routes/acknowledgements.ts";
import { authorizeRoute } from "./routes/authorize.ts";
import { balanceRoute } from "./routes/balance.ts";
import { demandRoute } from "./routes/demand.ts";
import { docsRoute } from "./routes/docs.ts";
import { enrolRoute } from "./routes/enrol.ts";
import { hardwareRoute } from "./routes/hardware.ts";
import { healthRoute } from "./routes/health.ts";
import { heartbeatRoute } from "./routes/heartbeat.ts";
import { joinRoute } from "./routes/join.ts";
import { keysRoute } from "./routes/keys.ts";
import { modelsRoute } from "./routes/models.ts";
import { nodeRoute } from "./routes/node.ts";
import { peersRoute } from "./routes/peers.ts";
import { readyRoute } from "./routes/ready.ts";
import { receiptsRoute } from "./routes/receipts.ts";
import { reputationRoute } from "./routes/reputation.ts";
import { relayRoute } from "./routes/relay.ts";
import { rootRoute } from "./routes/root.ts";
import { statsRoute } from "./routes/stats.ts";
import { submitRoute } from "./routes/submit.ts";
import { tariffRoute } from "./routes/tariff.ts";
import { transactionsRoute } from "./routes/transactions.ts";
import { transfersRoute } from "./routes/transfers.ts";
import { limitCalls } from "./limited.ts";
import { heedNewerCallers } from "./newer-callers.ts";
import { recogniseCallers } from "./recognised.ts";
import { createServer, type ServerParts } from "./server.ts";
import { withZod, type Services } from "./services.ts";
import { limitTime } from "./time-limits.ts";

const routes = [
  rootRoute, //              GET  /
  healthRoute, //            GET  /health
  readyRoute, //             GET  /health/ready
  keysRoute, //              GET  /public-key, /.well-known/jwks.json
  joinRoute, //              POST /users
  balanceRoute, //           GET  /users/:id/balance
  transactionsRoute, //      GET  /users/:id/transactions
  accountKeysRoute, //       GET, POST /users/:id/keys, DELETE /users/:id/keys/:key
  transfersRoute, //         POST /transfers
  enrolRoute, //             POST /nodes
  heartbeatRoute, //         POST /heartbeat
  hardwareRoute, //          POST /hardware/challenge, /hardware/next, /hardware/commit, /hardware/verify
  peersRoute, //             GET  /peers, /nodes
  nodeRoute, //              GET  /nodes/:id
  reputationRoute, //        GET  /nodes/:id/reputation
  modelsRoute, //            GET  /v1/models
  tariffRoute, //            GET  /tariff
  demandRoute, //            GET  /demand
  statsRoute, //             GET  /stats
  authorizeRoute, //         POST /authorize
  receiptsRoute, //          POST /receipts
  acknowledgementsRoute, //  POST /acknowledgements
  submitRoute, //            POST /transactions/submit
  relayRoute, //             POST /relay/:node/infer, and GET /relay for workers
];

export async function createApp(parts: ServerParts, services: Services): Promise<FastifyInstance> {
  const app = createServer(parts);
  observeCalls(app, { ...services.observer, clock: parts.clock, joinsTraces: true });
  limitCalls(app, { ...services, log: parts.log });
  recogniseCallers(app, services);
  heedNewerCallers(app);
  limitTime(app, parts.clock);
  auditRefusals(app, services);
  hideAdmin(app, services.desk);
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
    docsRoute(withZod(scope));
  });
  if (services.desk) await registerAdmin(app, services.desk);
  await app.ready();
  return app;
}
