/** `POST /heartbeat`: a node renews its lease, and learns what the coordinator wants of it. */
import { formatMultiplier } from "../../../protocol/credits.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import { limits } from "../../../protocol/limits.ts";
import { heartbeatAnswer, heartbeatSchema } from "../../../protocol/node.ts";
import { oldestProtocolVersion } from "../../../protocol/version.ts";
import type { App, Services } from "../services.ts";

export function heartbeatRoute(app: App, services: Services): void {
  const { nodes, registry, callers, keyRing, heartbeatMs } = services;
  app.post(
    "/heartbeat",
    {
      bodyLimit: limits.heartbeatBytes,
      schema: {
        summary: "Renew a node's lease",
        body: heartbeatSchema,
        response: { 200: heartbeatAnswer },
      },
    },
    async (request) => {
      const { id } = await callers.provenKey(request);
      const node = await nodes.find(id);
      if (!node) throw new TroopError("node_unknown");
      const { resend } = await registry.beat(node, request.body, request.ip);
      return {
        interval_ms: heartbeatMs,
        resend,
        key_set: keyRing.version,
        revoked: [],
        multiplier: formatMultiplier(node.multiplier),
        oldest_protocol: oldestProtocolVersion,
      };
    },
  );
}
