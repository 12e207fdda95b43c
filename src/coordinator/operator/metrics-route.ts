/** `GET /metrics`: for Prometheus, with an operator's name and password, or by the socket. Never on the public port. */
import { type Metrics, metricsMediaType } from "../../host/observe/metrics.ts";
import type { App } from "../http/services.ts";

export const metricsRoute =
  (metrics: Pick<Metrics, "text">) =>
  (app: App): void => {
    app.get(
      "/metrics",
      { config: { need: "read" }, schema: { summary: "What is measured, for Prometheus" } },
      async (_request, reply) => reply.type(metricsMediaType).send(await metrics.text()),
    );
  };
