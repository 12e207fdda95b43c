/** `GET /nodes/{id}/reputation`: what a node's record is worth, and why. Reading creates nothing. */
import { z } from "zod";
import { TroopError } from "../../../protocol/error-codes.ts";
import { reputationAnswer } from "../../../protocol/reputation.ts";
import { idOf } from "../owner.ts";
import type { App, Services } from "../services.ts";

const nodeParams = z.strictObject({ id: z.string().min(1) });

export function reputationRoute(app: App, { reputations, callers }: Services): void {
  app.get(
    "/nodes/:id/reputation",
    {
      schema: {
        summary: "What a node's record is worth, and why",
        params: nodeParams,
        response: { 200: reputationAnswer },
      },
    },
    async (request) => {
      await callers.reader(request);
      const node = idOf(request.params.id);
      const reputation = await reputations.read(node);
      if (!reputation) throw new TroopError("node_unknown");
      return { node_id: node, ...reputation };
    },
  );
}
