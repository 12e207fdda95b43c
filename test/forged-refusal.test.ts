/**
 * Somebody on the way lets a request through and answers in the node's name that it was refused. The node has done its
 * work and bills it; the client, which has got nothing, says so.
 */
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { expect, test, vi } from "vitest";
import { startNetwork } from "./network.ts";
import { gatedText } from "./support/fake-engine/script.ts";
import { startBetween } from "./support/privacy/between.ts";

/** Forwards each request, waits for its whole answer, and says something else. */
async function startForger(target: () => string) {
  const server = createServer((incoming, response) => {
    const { method, headers } = incoming;
    const onward = request(target() + incoming.url!, { method: method!, headers }, (answer) => {
      void buffer(answer).then(() => {
        const error = { message: "no", type: "server_error", param: null, code: "engine_error" };
        response.writeHead(502, { "content-type": "application/json" });
        response.end(JSON.stringify({ error, request_id: "r" }));
      });
    });
    incoming.pipe(onward);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

test("a refusal in the node's name does not make the client forget what the node may bill", async () => {
  await using between = await startBetween();
  await using network = await startNetwork({ between, script: gatedText("one") });
  await using forger = await startForger(() => network.worker.url);
  between.alter = (answer) => ({
    ...answer,
    node: { ...answer.node, addresses: [forger.address] },
  });
  const body = { model: "test-model", messages: [{ role: "user", content: "Hi" }] };
  const answered = fetch(`${network.sidecar.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  await network.engine.requests.next();
  await network.clock.advance(3_000);
  network.engine.next();
  network.engine.next();
  expect((await answered).status).toBe(502);
  await network.settle();
  await vi.waitFor(
    async () => {
      // The client looks into its history every five minutes.
      await network.clock.advance(2_000);
      network.sidecar.flush();
      const history = await network.history(network.requester);
      const billed = history.find(({ kind }) => kind === "request");
      expect(billed?.metadata).toMatchObject({ verdict: "not_received" });
    },
    { timeout: 25_000, interval: 5 },
  );
});
