/** `/admin/invites`: codes that let one account in each. */
import {
  adminInvites,
  adminPage,
  invitesMade,
  invitesRequest,
} from "../../../../protocol/admin.ts";
import { findInvites } from "../../../accounts/invite-store.ts";
import type { Administration } from "../../../admin/administration.ts";
import { makeInvites } from "../../../admin/inviting.ts";
import type { App } from "../../services.ts";
import { paged } from "./paged.ts";

export function invitesRoutes(app: App, { database, clock, random }: Administration): void {
  app.get(
    "/admin/invites",
    {
      config: { need: "read" },
      schema: { hide: true, querystring: adminPage, response: { 200: adminInvites } },
    },
    async ({ query: { cursor, limit } }) => {
      const [page, next] = paged(await findInvites(database, cursor, limit + 1), limit);
      const invites = page.map(({ id, at, expiresAt, account, usedAt }) => ({
        ...{ id, created_at: at, expires_at: expiresAt, account, used_at: usedAt },
      }));
      return { invites, next_cursor: next };
    },
  );
  app.post(
    "/admin/invites",
    {
      config: { need: "handle", act: "make_invites" },
      schema: { hide: true, body: invitesRequest, response: { 200: invitesMade } },
    },
    async (request) => {
      const { count, for_ms } = request.body;
      const now = clock.now();
      const expiresAt = now + for_ms;
      const codes = await makeInvites(database, random, { count, now, expiresAt });
      request.noted = { count };
      return { codes, expires_at: expiresAt };
    },
  );
}
