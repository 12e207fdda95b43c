/**
 * `POST /users`: makes the account of the key that proved the call, where it brings what the coordinator asks for. It
 * has no credits until its first ticket.
 */
import { createUserAnswer, createUserRequest } from "../../../protocol/endpoints.ts";
import type { App, Services } from "../services.ts";

export function joinRoute(app: App, { joining, callers }: Services): void {
  app.post(
    "/users",
    {
      schema: {
        summary: "Join with the key that proves the call",
        body: createUserRequest,
        response: { 200: createUserAnswer },
      },
    },
    async (request) => {
      const key = await callers.provenKey(request);
      const { account, isNew } = await joining.join(key, request.body);
      return { account_id: account, created: isNew };
    },
  );
}
