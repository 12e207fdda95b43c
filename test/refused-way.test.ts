/** What a refusal says of the way that it came by. */
import { expect, test } from "vitest";
import { startNetwork } from "./network.ts";
import { plainText } from "./support/fake-engine/script.ts";

test("a node that refuses by itself is reached the same way again, though another would be open", async () => {
  await using network = await startNetwork({
    ...{ script: plainText("Hello"), relay: true, client: { queueWaitMs: 0 } },
  });
  const ask = () =>
    fetch(`${network.sidecar.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "test-model", messages: [{ role: "user", content: "Hi" }] }),
    });
  const way = async () => {
    const status = await (await fetch(`${network.sidecar.url}/status`)).json();
    return (status as { tickets: { path: { kind: string } | null }[] }).tickets[0]?.path?.kind;
  };
  expect((await ask()).status).toBe(200);
  expect(await way()).toBe("loopback");
  network.worker.pause();
  expect((await ask()).status).toBe(503);
  expect(await way()).toBe("loopback");
});
