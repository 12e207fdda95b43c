/** `/users/{id}/keys`: which keys act for an account. Each change is made by a key that is live at that moment. */
import { type KeysAnswer, keysAnswer, linkKeyRequest } from "../../../protocol/endpoints.ts";
import { thumbprintText } from "../../../protocol/ids.ts";
import { ownAccount, userParams } from "../owner.ts";
import type { App, Services } from "../services.ts";

const keyParams = userParams.extend({ key: thumbprintText });

export function accountKeysRoute(app: App, services: Services): void {
  const { accountKeys, callers } = services;

  async function keysOf(account: string): Promise<KeysAnswer> {
    const keys = await accountKeys.list(account);
    return {
      account_id: account,
      keys: keys.map(({ thumbprint, createdAt, revokedAt }) => ({
        key: thumbprint,
        created_at: createdAt,
        revoked_at: revokedAt,
      })),
    };
  }

  app.get(
    "/users/:id/keys",
    {
      schema: {
        summary: "Keys that act for an account",
        params: userParams,
        response: { 200: keysAnswer },
      },
    },
    async (request) => keysOf(await ownAccount(services, request)),
  );
  app.post(
    "/users/:id/keys",
    {
      schema: {
        summary: "Let another key act for an account",
        params: userParams,
        body: linkKeyRequest,
        response: { 200: keysAnswer },
      },
    },
    async (request) => {
      const account = await ownAccount(services, request, callers.liveAccount);
      await accountKeys.link(account, request.body.code);
      return keysOf(account);
    },
  );
  app.delete(
    "/users/:id/keys/:key",
    {
      schema: {
        summary: "Revoke a key for ever",
        params: keyParams,
        response: { 200: keysAnswer },
      },
    },
    async (request) => {
      const account = await ownAccount(services, request, callers.liveAccount);
      await accountKeys.revoke(account, request.params.key);
      return keysOf(account);
    },
  );
}
