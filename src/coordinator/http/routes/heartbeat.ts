/** `POST /heartbeat`: a node renews its lease, and learns what the coordinator wants of it. */
import { formatMultiplier } from "../../../protocol/credits.ts";
import { limits } from "../../../protocol/limits.ts";
import { heartbeatAnswer, heartbeatSchema } from "../../../protocol/node.ts";
import { oldestProtocolVersion } from "../../../protocol/version.ts";
import type { App, Services } from "../services.ts";
import { onSent, tellPushed } from "./hardware.ts";

export function heartbeatRoute(app: App, services: Services): void {
  const { clock, nodes, registry, callers, keyRing, heartbeatMs, verification } = services;
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
    async (request, reply) => {
      const { arrivedAt, body: beat } = request;
      const source = request.source.address ?? "";
      const { id } = await callers.provenKey(request);
      const known = await nodes.find(id);
      // Nobody is sent to it from now on: else its lease would go on until it ends.
      if (known?.isRevoked) await registry.beat(known, { ...beat, status: "OFFLINE" }, source);
      const node = await nodes.live(id);
      verification.roundTrips.heard(id, arrivedAt);
      const { resend } = await registry.beat(node, beat, source);
      const challenge = await verification.onBeat(node, beat, source);
      if (challenge)
        onSent(reply, () => {
          tellPushed(verification, challenge);
          if (challenge.kind === "stand_by") verification.roundTrips.sent(id, clock.monotonic());
        });
      // A verdict may just have been made.
      const { multiplier } = (await nodes.find(id)) ?? node;
      return {
        interval_ms: heartbeatMs,
        resend,
        key_set: keyRing.version,
        revoked: [],
        multiplier: formatMultiplier(multiplier),
        oldest_protocol: oldestProtocolVersion,
        ...(challenge ? { challenge } : {}),
      };
    },
  );
}
