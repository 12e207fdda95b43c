/** `GET /health`: that a coordinator answers here. Public. */
import { packageVersion } from "../../../host/package.ts";
import { healthAnswer } from "../../../protocol/endpoints.ts";
import type { App, Services } from "../services.ts";

export function healthRoute(app: App, { isStopping }: Services): void {
  app.get(
    "/health",
    { schema: { summary: "Whether the coordinator runs", response: { 200: healthAnswer } } },
    async () => ({
      status: isStopping() ? ("stopping" as const) : ("ok" as const),
      service: "monkey-troop-coordinator" as const,
      version: packageVersion,
    }),
  );
}
