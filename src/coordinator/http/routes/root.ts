/** `GET /`: what answers here, and where to read on. Public; whoever comes with a browser is led to the page. */
import { packageVersion } from "../../../host/package.ts";
import { rootAnswer } from "../../../protocol/endpoints.ts";
import { prefers } from "../accepted.ts";
import type { App } from "../services.ts";

export function rootRoute(app: App): void {
  app.get(
    "/",
    {
      schema: {
        summary: "What answers here, and where to read on",
        description: "Whoever accepts `text/html` rather than JSON is led to `/docs`.",
        response: { 200: rootAnswer },
      },
    },
    async (request, reply) => {
      void reply.header("vary", "accept");
      // Relative: a proxy may have put all of it below a path of its own.
      if (prefers("text/html", request.headers.accept)) return reply.redirect("docs");
      return {
        service: "monkey-troop-coordinator" as const,
        version: packageVersion,
        links: { docs: "/docs", openapi: "/openapi.json", health: "/health" },
      };
    },
  );
}
