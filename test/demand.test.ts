/** What people asked for in vain reaches those who could offer it. */
import { expect, test } from "vitest";
import { demandAnswer } from "../src/protocol/offers.ts";
import { startNetwork } from "./network.ts";
import { plainText } from "./support/fake-engine/script.ts";

test("a model that nobody offers shows among what is asked for, once for each account", async () => {
  await using network = await startNetwork({ script: plainText("Hello") });
  const ask = (model: string) =>
    fetch(`${network.sidecar.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model, messages: [{ role: "user", content: "Hi" }] }),
    });
  const asked = async () =>
    (
      await network.calls.call({
        ...{ method: "GET", path: "/demand", answer: demandAnswer },
        signer: network.provider,
      })
    ).models.map(({ model, requesters, nodes }) => ({ model, requesters, nodes }));

  expect((await ask("nobody-has:70b")).status).toBe(404);
  expect((await ask("nobody-has:70b")).status).toBe(404);
  expect((await ask("test-model")).status).toBe(200);
  await expect.poll(asked).toEqual([
    { model: "nobody-has:70b", requesters: 1, nodes: 0 },
    { model: "test-model", requesters: 1, nodes: 1 },
  ]);
});
