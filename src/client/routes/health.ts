/** `GET /health`: this process is well. Whether the network is, `/status` tells. */
import type { FastifyInstance } from "fastify";

export function healthRoute(app: FastifyInstance): void {
  app.get("/health", () => ({ status: "ok", service: "monkey-troop-client" }));
}
