/** Requests that say where they may go, and names that stand for several models, through the sidecar. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
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
