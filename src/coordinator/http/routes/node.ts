/** `GET /nodes/{id}`: what a node counts as, and where that comes from. */
import { z } from "zod";
import { formatMultiplier } from "../../../protocol/credits.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import { nodeAnswer } from "../../../protocol/hardware-proof/wire.ts";
import { thumbprintText } from "../../../protocol/ids.ts";
import type { App, Services } from "../services.ts";

export function nodeRoute(app: App, { callers, clock, nodes }: Services): void {
  app.get(
    "/nodes/:id",
    {
      schema: {
        summary: "What a node counts as",
        params: z.strictObject({ id: thumbprintText }),
        response: { 200: nodeAnswer },
      },
    },
    async (request) => {
      await callers.reader(request);
      const node = await nodes.find(request.params.id);
      if (!node) throw new TroopError("node_unknown");
      const { hardware } = node;
      const provenAt = hardware?.provenAt ?? null;
      const { quarantinedUntil = 0 } = node;
      return {
        ...{ node_id: node.id, owner: node.owner },
        multiplier: formatMultiplier(node.multiplier),
        provenance: hardware?.provenance ?? "unproven",
        memory_bytes: hardware?.memory?.bytes ?? null,
        ...(hardware?.gpus && { gpus: hardware.gpus }),
        proven_at: provenAt,
        age_ms: provenAt === null ? null : Math.max(0, clock.now() - provenAt),
        missed: hardware?.missed ?? 0,
        quarantined_until: quarantinedUntil > clock.now() ? quarantinedUntil : null,
      };
    },
  );
}
