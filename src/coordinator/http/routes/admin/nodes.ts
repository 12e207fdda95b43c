/** `/admin/nodes`: enrolled nodes, newest first; keeping one out for a while, or cutting it off. */
import { z } from "zod";
import {
  adminNode,
  type AdminNode,
  adminNodes,
  adminNodesQuery,
  quarantineRequest,
  revocationAnswer,
} from "../../../../protocol/admin.ts";
import { formatMultiplier } from "../../../../protocol/credits.ts";
import { TroopError } from "../../../../protocol/error-codes.ts";
import { thumbprintText } from "../../../../protocol/ids.ts";
import type { Administration } from "../../../admin/administration.ts";
import { findNodes, type ListedNode } from "../../../admin/people-store.ts";
import type { App } from "../../services.ts";
import { paged } from "./paged.ts";

type Surroundings = Pick<Administration, "clock" | "registry">;

export async function shownNode(
  { clock, registry }: Surroundings,
  { id, owner, at, multiplier, provenance, quarantinedUntil: until, isRevoked }: ListedNode,
): Promise<AdminNode> {
  return {
    ...{ node_id: id, owner, enrolled_at: at, multiplier: formatMultiplier(multiplier) },
    ...{ provenance, status: (await registry.statusOf(id)) ?? null, revoked: isRevoked },
    quarantined_until: until > clock.now() ? until : null,
  };
}

export function nodesRoutes(app: App, administration: Administration): void {
  const { database, clock, cutOff } = administration;
  const params = z.strictObject({ id: thumbprintText });

  async function read(id: string): Promise<AdminNode> {
    const [node] = await findNodes(database, { id }, 1);
    if (!node) throw new TroopError("node_unknown");
    return shownNode(administration, node);
  }

  app.get(
    "/admin/nodes",
    {
      config: { need: "read" },
      schema: { hide: true, querystring: adminNodesQuery, response: { 200: adminNodes } },
    },
    async ({ query: { cursor: before, limit, owner } }) => {
      const found = await findNodes(database, { before, owner }, limit + 1);
      const [page, next] = paged(found, limit);
      const nodes = await Promise.all(page.map((node) => shownNode(administration, node)));
      return { nodes, next_cursor: next };
    },
  );
  app.get(
    "/admin/nodes/:id",
    { config: { need: "read" }, schema: { hide: true, params, response: { 200: adminNode } } },
    async (request) => read(request.params.id),
  );
  app.post(
    "/admin/nodes/:id/quarantine",
    {
      config: { need: "handle", act: "quarantine_node" },
      schema: { hide: true, params, body: quarantineRequest, response: { 200: adminNode } },
    },
    async (request) => {
      const { id } = request.params;
      const until = clock.now() + request.body.for_ms;
      await cutOff.quarantine(id, until);
      request.noted = { until };
      return read(id);
    },
  );
  app.post(
    "/admin/nodes/:id/release",
    {
      config: { need: "handle", act: "release_node" },
      schema: { hide: true, params, response: { 200: adminNode } },
    },
    async ({ params: { id } }) => {
      await cutOff.quarantine(id, 0);
      return read(id);
    },
  );
  for (const [act, path] of [
    ["revoke", "/admin/nodes/:id/revoke"],
    ["restore", "/admin/nodes/:id/restore"],
  ] as const)
    app.post(
      path,
      {
        config: { need: "handle", act: `${act}_node` },
        schema: { hide: true, params, response: { 200: revocationAnswer } },
      },
      async ({ params: { id } }) => cutOff.node(id, act === "revoke"),
    );
}
