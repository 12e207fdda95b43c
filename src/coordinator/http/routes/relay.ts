/**
 * `POST /relay/:node/infer`: sealed requests for workers that nobody can reach; they connect at `GET /relay`. The
 * relay answers by itself, and reads nothing of what it passes on.
 */
import type { Socket } from "node:net";
import { z } from "zod";
import { thumbprintText } from "../../../protocol/ids.ts";
import { sealedMediaType } from "../../../protocol/version.ts";
import type { App, Services } from "../services.ts";

const params = z.strictObject({ node: thumbprintText });

export function relayRoute(app: App, { relay }: Services): void {
  if (!relay) return;
  app.server.on(
    "upgrade",
    (request, socket, head) => void relay.upgrade(request, socket as Socket, head),
  );
  void app.register(async (scope: App) => {
    // The body is the relay's to read.
    scope.addContentTypeParser(sealedMediaType, (_request, _payload, done) => done(null));
    scope.post(
      "/relay/:node/infer",
      { schema: { summary: "A sealed request to a node behind the relay", params } },
      async (request, reply) => {
        reply.hijack();
        await relay.infer(request.raw, reply.raw, request.params.node);
      },
    );
  });
}
