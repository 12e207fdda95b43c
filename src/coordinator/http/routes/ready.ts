/** `GET /health/ready`: whether calls should be sent here, and if not, why. Public, for load balancers. */
import { readyAnswer } from "../../../protocol/state-answers.ts";
import type { App, Services } from "../services.ts";

export function readyRoute(app: App, { observer }: Services): void {
  app.get(
    "/health/ready",
    {
      schema: {
        summary: "Whether the coordinator takes calls, with the reasons where it does not",
        response: { 200: readyAnswer, 503: readyAnswer },
      },
    },
    async (_request, reply) => {
      const answer = await observer.ready();
      return reply.code(answer.status === "not_ready" ? 503 : 200).send(answer);
    },
  );
}
