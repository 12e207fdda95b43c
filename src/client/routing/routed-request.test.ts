/** Requests that say where they may go, and names that stand for several models, through the sidecar. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { post, startTestNetwork } from "../fixtures/sidecar.fixture.ts";
import { readRoutingSettings } from "./config.ts";

const asking = (model: string, more: object = {}) => ({
  ...{ model, messages: [{ role: "user", content: "Who is there?" }] },
  ...more,
});
const answerOf = async (response: Response) => ({
  status: response.status,
  ...((await response.json()) as { model?: string; error?: { code: string; param?: string } }),
});
const path = "/v1/chat/completions";

test.each(["troop/auto", "troop/fast", "troop/large", "mine"])(
  "`%s` is answered by a model that there is, and the answer says which",
  async (name) => {
    const routing = readRoutingSettings({ MODEL_LISTS: "mine=none:70b,toy:1b" });
    await using network = await startTestNetwork(createFakeClock(), [undefined], { routing });
    const answer = await answerOf(await post(network, path, asking(name)));
    expect(answer).toMatchObject({ status: 200, model: "toy:1b" });
    expect(network.worker.requests[0]!.body["model"]).toBe("toy:1b");
    const { data } = await network.openai.models.list();
    expect(data.map(({ id }) => id)).toContain(name);
    expect((await network.openai.models.retrieve(name)).id).toBe(name);
  },
);

test("a list of models that nobody offers is a model that nobody offers", async () => {
  const routing = readRoutingSettings({ MODEL_LISTS: "mine=none:70b" });
  await using network = await startTestNetwork(createFakeClock(), [undefined], { routing });
  const answer = await answerOf(await post(network, path, asking("mine")));
  expect(answer).toMatchObject({ status: 404, error: { code: "model_not_found", param: "model" } });
});

test("what a request says of nodes stays on this machine and is heeded", async () => {
  await using network = await startTestNetwork(createFakeClock(), [undefined, undefined]);
  const [first, second] = network.workers.map(({ nodeId }) => nodeId) as [string, string];
  for (const node of [first, second, first]) {
    const response = await post(network, path, asking("toy:1b", { troop: { only: [node] } }));
    expect(response.headers.get("x-troop-node")).toBe(node);
    expect(response.headers.get("x-troop-ignored")).toBeNull();
  }
  const bodies = network.workers.flatMap(({ requests }) => requests.map(({ body }) => body));
  expect(JSON.stringify(bodies)).not.toContain("troop");
  const never = asking("toy:1b", { troop: { never: [first, second] } });
  expect((await post(network, path, never)).status).toBe(404);
  const cheap = asking("toy:1b", { troop: { max_price: "0.000000000001" } });
  expect((await post(network, path, cheap)).status).toBe(404);
});

test("what is not understood is refused by its name", async () => {
  await using network = await startTestNetwork(createFakeClock());
  const answer = await answerOf(
    await post(network, path, asking("toy:1b", { troop: { best: 1 } })),
  );
  expect(answer).toMatchObject({ status: 400, error: { code: "invalid_value", param: "troop" } });
});

/** Two nodes with one model, each by its own engine's name for it. */
async function startNamed(digests: (string | undefined)[] = []) {
  const network = await startTestNetwork(createFakeClock(), [undefined, undefined]);
  network.coordinator.nodes = network.coordinator.nodes.map((node, index) => ({
    ...node,
    models: node.models.map((model) => ({
      ...{ ...model, name: names[index]!, quantization: ["Q4_K_M", "BF16"][index]! },
      ...(digests[index] === undefined ? {} : { digest: digests[index] }),
    })),
  }));
  return network;
}
const names = ["qwen3:8b", "Qwen/Qwen3-8B"];

test("a model is found by its other names, where its own is not offered or has no room", async () => {
  await using network = await startNamed();
  const askFor = async (model: string, troop: object = {}) =>
    answerOf(await post(network, path, asking(model, { troop })));
  for (const model of names) expect(await askFor(model)).toMatchObject({ status: 200, model });
  expect(await askFor("Qwen3-8B-Q4_K_M.gguf")).toMatchObject({ status: 200 });
  expect(await askFor("someone/Qwen3-8B")).toMatchObject({ status: 404 });
  expect(await askFor("qwen3:8b", { quantization: "bf16" })).toMatchObject({ model: names[1] });
  expect(await askFor("qwen3:8b", { quantization: "q8_0" })).toMatchObject({ model: names[0] });
  const bodies = network.workers.map(({ requests }) => requests.map(({ body }) => body["model"]));
  for (const [index, name] of names.entries())
    expect(new Set(bodies[index])).toEqual(new Set([name]));
});

test("a digest that nobody offers is a model that nobody offers", async () => {
  const [first, second] = ["a", "b"].map((letter) => `sha256:${letter.repeat(64)}`);
  await using network = await startNamed([first, undefined]);
  const askFor = async (digest: string | undefined) =>
    answerOf(await post(network, path, asking("Qwen/Qwen3-8B", { troop: { digest } })));
  expect(await askFor(first)).toMatchObject({ status: 200, model: "qwen3:8b" });
  expect(await askFor(second)).toMatchObject({ status: 404, error: { code: "model_not_found" } });
});

test.each([{ only: ["a".repeat(43)] }, { never: ["a".repeat(43)] }, { max_price: 1 }])(
  "without a list of nodes nobody is asked for a request that says %o: the coordinator would choose anybody",
  async (troop) => {
    await using network = await startTestNetwork(createFakeClock());
    network.coordinator.before = (call) => {
      if (call === "GET /peers") throw new TroopError("rate_limit_exceeded");
    };
    const refused = await post(network, path, asking("toy:1b", { troop }));
    expect(await answerOf(refused)).toMatchObject({ error: { code: "rate_limit_exceeded" } });
    expect(network.coordinator.authorized).toEqual([]);
    expect((await post(network, path, asking("toy:1b"))).status).toBe(200);
  },
);
