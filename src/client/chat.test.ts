/** Chat completions through the sidecar, as the official SDK sees them. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import { post, startTestNetwork } from "./fixtures/sidecar.fixture.ts";
import { isSecretOf } from "../protocol/secrets.ts";

const question = {
  model: "toy:1b",
  messages: [{ role: "user" as const, content: "Who is there?" }],
};

test("a question that asks for no stream is answered with one object", async () => {
  await using network = await startTestNetwork(createFakeClock());
  const { data, response } = await network.openai.chat.completions
    .create({ ...question, temperature: 0.5 })
    .withResponse();
  expect(data).toMatchObject({
    object: "chat.completion",
    model: "toy:1b",
    choices: [
      { index: 0, message: { role: "assistant", content: "Hello you" }, finish_reason: "stop" },
    ],
    usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
  });
  expect(response.headers.get("x-troop-node")).toBe(network.worker.nodeId);
  expect(response.headers.get("x-troop-cost")).toBe("0.010000");
  const [request] = network.worker.requests;
  expect(request!.body).toEqual({ ...question, temperature: 0.5 });
  expect(network.coordinator.authorized).toHaveLength(1);
  const { k, x, proof } = request!.head;
  expect(isSecretOf(network.coordinator.authorized[0]!.anchor, { k, x, path: proof })).toBe(true);
});

test("each line is acknowledged once, under its own hash", async () => {
  await using network = await startTestNetwork(createFakeClock());
  await network.openai.chat.completions.create(question);
  const acknowledged = await network.settle();
  expect(acknowledged).toMatchObject([{ k: 1, verdict: "ok" }]);
});

test("an application that leaves takes its request with it", async () => {
  const asked = Promise.withResolvers<void>();
  await using network = await startTestNetwork(createFakeClock(), [
    (exchange) => {
      exchange.open();
      exchange.text("once");
      asked.resolve();
    },
  ]);
  const stream = await network.openai.chat.completions.create({ ...question, stream: true });
  await stream[Symbol.asyncIterator]().next();
  stream.controller.abort();
  await network.worker.requests[0]!.gone;
  // Its line never came: nothing is stated now, and the number is spent.
  expect(network.sidecar.pending()).toBe(0);
  expect(network.sidecar.status().tickets[0]!.numbers_left).toBe(255);
});

test("fields that no engine takes are dropped and named", async () => {
  await using network = await startTestNetwork(createFakeClock());
  const response = await post(network, "/v1/chat/completions", {
    ...question,
    store: true,
    metadata: { a: "b" },
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("x-troop-ignored")).toBe("store, metadata");
  expect(network.worker.requests[0]!.body).toEqual(question);
});

test("a request larger than a frame arrives whole", async () => {
  await using network = await startTestNetwork(createFakeClock());
  const content = "Grüße ".repeat(40_000);
  await network.openai.chat.completions.create({
    ...question,
    messages: [{ role: "user", content }],
  });
  expect(network.worker.requests[0]!.body["messages"]).toEqual([{ role: "user", content }]);
});
