/** `/admin/users`: accounts, newest first; one with its keys and nodes; and cutting one off. */
import { z } from "zod";
import {
  adminPage,
  type AdminUser,
  adminUserDetail,
  adminUsers,
  revocationAnswer,
} from "../../../../protocol/admin.ts";
import { formatCredits } from "../../../../protocol/credits.ts";
import { TroopError } from "../../../../protocol/error-codes.ts";
import { thumbprintText } from "../../../../protocol/ids.ts";
import { findKeys } from "../../../accounts/key-store.ts";
import type { Administration } from "../../../admin/administration.ts";
import { findNodes, findUsers, type ListedUser } from "../../../admin/people-store.ts";
import type { App } from "../../services.ts";
import { shownGrants } from "./ledger.ts";
import { shownNode } from "./nodes.ts";
import { paged } from "./paged.ts";

/** Of an account's nodes, and of its grants. */
const shownMost = 100;

const shown = ({ id, at, posted, ...user }: ListedUser): AdminUser => ({
  ...{ account_id: id, created_at: at, balance: formatCredits(posted) },
  ...{ held: formatCredits(user.held), vesting: formatCredits(user.vesting) },
  non_transferable: formatCredits(user.nonTransferable),
  ...{ keys: user.keys, nodes: user.nodes },
  ...{ revoked_at: user.revokedAt, deleted_at: user.deletedAt },
});

export function usersRoutes(app: App, administration: Administration): void {
  const { database, cutOff } = administration;
  const params = z.strictObject({ id: thumbprintText });

  app.get(
    "/admin/users",
    {
      config: { need: "read" },
      schema: { hide: true, querystring: adminPage, response: { 200: adminUsers } },
    },
    async ({ query: { cursor: before, limit } }) => {
      const [users, next] = paged(await findUsers(database, { before }, limit + 1), limit);
      return { users: users.map(shown), next_cursor: next };
    },
  );
  app.get(
    "/admin/users/:id",
    {
      config: { need: "read" },
      schema: { hide: true, params, response: { 200: adminUserDetail } },
    },
    async ({ params: { id } }) => {
      const [user] = await findUsers(database, { id }, 1);
      if (!user) throw new TroopError("account_unknown");
      const keys = await findKeys(database, id);
      const owned = await findNodes(database, { owner: id }, shownMost);
      return {
        ...shown(user),
        account_keys: keys.map(({ thumbprint: key, createdAt, revokedAt }) => ({
          ...{ key, created_at: createdAt, revoked_at: revokedAt },
        })),
        owned: await Promise.all(owned.map((node) => shownNode(administration, node))),
        grants: await shownGrants(administration, shownMost, id),
      };
    },
  );
  for (const [act, path] of [
    ["revoke", "/admin/users/:id/revoke"],
    ["restore", "/admin/users/:id/restore"],
  ] as const)
    app.post(
      path,
      {
        config: { need: "handle", act: `${act}_user` },
        schema: { hide: true, params, response: { 200: revocationAnswer } },
      },
      async ({ params: { id } }) => cutOff.account(id, act === "revoke"),
    );
}
