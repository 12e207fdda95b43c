/** `POST /users`: makes the account of the key that proved the call. It has no credits until its first ticket. */
import { createUserAnswer, createUserRequest } from "../../../protocol/endpoints.ts";
import type { App, Services } from "../services.ts";

export function joinRoute(app: App, { accounts, callers }: Services): void {
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
      const { account, isNew } = await accounts.join(key);
      return { account_id: account, created: isNew };
    },
  );
}
