/** A model whose only node is not listed for a moment, as the clients of each API read it. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { post, startTestNetwork, type TestNetwork } from "../fixtures/sidecar.fixture.ts";
import { readRoutingSettings } from "../routing/config.ts";

const asked = (model: string) => ({
  ...{ model, input: "Hello?", max_tokens: 8, stream: false },
  messages: [{ role: "user", content: "Hello?" }],
});
const code = "no_nodes_available";
const sentence = /^Nobody in reach offers .+ right now; it was on offer \d+ s ago\.$/;
const message = expect.stringMatching(sentence) as string;
const openAi = { error: { message, type: "server_error", param: "model", code } };
const anthropic = {
  type: "error",
  error: { type: "overloaded_error", message, details: { error_code: code } },
};

const changeNames = ({ coordinator }: TestNetwork, change: (name: string) => string) => {
  coordinator.nodes = coordinator.nodes.map((node) => ({
    ...node,
    models: node.models.map((model) => ({ ...model, name: change(model.name) })),
  }));
};

/** `toy:latest` was on offer, and another model still is. */
async function startAway() {
  const clock = createFakeClock();
  const routing = readRoutingSettings({ MODEL_LISTS: "mine=toy:latest; none=x:1b" });
  const network = await startTestNetwork(clock, [undefined], { routing });
  changeNames(network, () => "toy:latest");
  const names = async () => (await network.openai.models.list()).data.map(({ id }) => id);
  expect(await names()).toContain("toy:latest");
  changeNames(network, () => "other");
  await clock.advance(15_001);
  expect(await names()).not.toContain("toy:latest");
  return { network, clock };
}

test("503 with retry-after in each API's own words, and none that keeps SDKs from asking again", async () => {
  await using stack = new AsyncDisposableStack();
  const { network, clock } = await startAway();
  stack.use(network);
  const told: [path: string, body: object, model?: string][] = [
    ["/v1/chat/completions", openAi],
    ["/v1/embeddings", openAi],
    ["/v1/responses", openAi],
    ["/v1/messages", anthropic],
    ["/api/chat", { error: message }],
    // A bare name is that of its `:latest` there.
    ["/api/chat", { error: message }, "toy"],
    ["/api/show", { error: message }, "toy"],
    ["/v1/chat/completions", openAi, "mine"],
  ];
  for (const [path, body, model = "toy:latest"] of told) {
    const response = await post(network, path, asked(model));
    expect(response.status, `${path} ${model}`).toBe(503);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(response.headers.get("x-should-retry")).toBeNull();
    expect(await response.json()).toMatchObject(body);
  }
  const loaded = { model: "toy", messages: [] };
  expect((await post(network, "/api/chat", loaded)).status).toBe(503);
  await expect(network.openai.models.retrieve("toy:latest")).rejects.toMatchObject({ status: 503 });
  await expect(network.sidecar.prepare("toy:latest")).rejects.toMatchObject({ code });

  for (const path of ["/v1/chat/completions", "/v1/messages", "/api/chat", "/api/show"])
    for (const model of ["toy:7b", "none"])
      expect((await post(network, path, asked(model))).status, `${path} ${model}`).toBe(404);

  changeNames(network, () => "toy:latest");
  await clock.advance(5_001);
  expect((await post(network, "/v1/chat/completions", asked("toy:latest"))).status).toBe(200);
});

test("where a node no longer offers what the list says of it, its model went away a moment ago", async () => {
  await using network = await startTestNetwork(createFakeClock());
  network.coordinator.before = (call) => {
    if (call === "POST /authorize") throw new TroopError("model_not_found");
  };
  const response = await post(network, "/v1/chat/completions", asked("toy:1b"));
  expect([response.status, await response.json()]).toMatchObject([503, openAi]);
});

test("whoever allows certain nodes only is told of those: another's model is none", async () => {
  const clock = createFakeClock();
  const owner = (index: number) => `${index}`.repeat(43);
  const policy = { onlyNodes: [], onlyOwners: [owner(1)] };
  await using network = await startTestNetwork(clock, [undefined, undefined], { policy });
  const { coordinator } = network;
  const [own, others] = coordinator.nodes.map((node, index) => ({
    ...node,
    owner: owner(index + 1),
  }));
  coordinator.nodes = [own!, others!];
  await network.openai.models.list();
  coordinator.nodes = [{ ...own!, models: [{ ...own!.models[0]!, name: "other" }] }, others!];
  await clock.advance(15_001);
  await network.openai.models.list();
  expect((await post(network, "/v1/chat/completions", asked("toy:1b"))).status).toBe(503);
});

test.each<[string, (network: TestNetwork) => void]>([
  ["no node is listed yet", ({ coordinator }) => void (coordinator.nodes = [])],
  [
    "nodes cannot be listed",
    ({ coordinator }) => {
      coordinator.before = (call) => {
        if (call === "GET /peers") throw new TroopError("rate_limit_exceeded");
      };
    },
  ],
])("while %s nobody says that there is no such model", async (_name, change) => {
  await using network = await startTestNetwork(createFakeClock());
  change(network);
  const response = await post(network, "/v1/chat/completions", asked("unheard-of"));
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("5");
});
