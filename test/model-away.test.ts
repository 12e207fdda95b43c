/** A model's only node is away for a moment: applications are told to come back, as they are not for a name of nothing. */
import { expect, test } from "vitest";
import { type Network, startNetwork } from "./network.ts";
import { startFakeEngine } from "./support/fake-engine/fake-engine.ts";
import { plainText } from "./support/fake-engine/script.ts";

const model = "test-model";

const ask = async ({ sidecar }: Network, asked = model) => {
  const response = await fetch(`${sidecar.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: asked, messages: [{ role: "user", content: "Hi" }] }),
  });
  const { error } = (await response.json()) as { error?: { code: string } };
  const { status, headers } = response;
  const retryAfter = headers.get("retry-after");
  return { status, code: error?.code, retryAfter, shouldRetry: headers.get("x-should-retry") };
};

const isOffered = async ({ sidecar }: Network, asked: string) => {
  const response = await fetch(`${sidecar.url}/v1/models`);
  const { data } = (await response.json()) as { data: { id: string }[] };
  return data.some(({ id }) => id === asked);
};

/** Lets time go on until the list says so. */
const untilOffered = async (network: Network, state: boolean, asked = model) => {
  await expect
    .poll(
      async () => {
        await network.clock.advance(5_000);
        return isOffered(network, asked);
      },
      { timeout: 20_000 },
    )
    .toBe(state);
};

const away = { status: 503, code: "no_nodes_available", retryAfter: "5", shouldRetry: null };
const missing = { status: 404, code: "model_not_found", retryAfter: null };

test("an engine that breaks makes its model one that comes back, not one that there is not", async () => {
  await using network = await startNetwork({ script: plainText("Hello") });
  await using another = await startFakeEngine({ models: ["another"] });
  await network.addWorker(network.provider, { engines: [another.engine] });
  const { engine } = network;
  expect(await ask(network)).toMatchObject({ status: 200 });
  engine.die();
  expect(await ask(network)).toMatchObject({
    status: 502,
    code: "engine_error",
    shouldRetry: null,
  });
  await untilOffered(network, false);
  expect(await ask(network)).toMatchObject(away);
  expect(await ask(network, "unheard-of")).toMatchObject(missing);
  engine.revive();
  await untilOffered(network, true);
  expect(await ask(network)).toMatchObject({ status: 200 });
});

test("a sidecar that begins while no node is listed does not say what there is not", async () => {
  await using network = await startNetwork({ script: plainText("Hello") });
  network.worker.pause();
  await untilOffered(network, false);
  for (const asked of [model, "unheard-of"]) expect(await ask(network, asked)).toMatchObject(away);
  network.worker.resume();
  await untilOffered(network, true);
  expect(await ask(network)).toMatchObject({ status: 200 });
  expect(await ask(network, "unheard-of")).toMatchObject(missing);
});

test("beside a coordinator that has just started, what nobody offers may come with a node that has not beaten yet", async () => {
  await using network = await startNetwork({ script: plainText("Hello"), isFresh: true });
  // One node has been heard, so that the list is not empty.
  expect(await ask(network)).toMatchObject({ status: 200 });
  expect(await ask(network, "late")).toMatchObject(away);
  await using late = await startFakeEngine({ models: ["late"] });
  await network.addWorker(network.provider, { engines: [late.engine] });
  await untilOffered(network, true, "late");
  expect(await ask(network, "late")).toMatchObject({ status: 200 });
  // A lease after its start no node can have gone unheard.
  await expect
    .poll(async () => {
      await network.clock.advance(5_000);
      return ask(network, "unheard-of");
    })
    .toMatchObject(missing);
});
