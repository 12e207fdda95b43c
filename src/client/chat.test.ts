/** Chat completions through the sidecar, as the official SDK sees them. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import { all, post, startTestNetwork } from "./fixtures/sidecar.fixture.ts";
import { finish } from "./fixtures/stub-worker.fixture.ts";
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

test("a stream has one role, one identity, one finish reason, and no usage unless asked", async () => {
  await using network = await startTestNetwork(createFakeClock());
  const chunks = await all(
    await network.openai.chat.completions.create({ ...question, stream: true }),
  );
  expect(chunks.map(({ choices }) => choices[0]!.delta)).toEqual([
    { role: "assistant", content: "" },
    { content: "Hello" },
    { content: " you" },
    {},
  ]);
  expect(chunks.map(({ choices }) => choices[0]!.finish_reason)).toEqual([
    null,
    null,
    null,
    "stop",
  ]);
  expect(new Set(chunks.map(({ id, created, model }) => `${id} ${created} ${model}`)).size).toBe(1);
  expect(chunks.every(({ usage }) => !usage)).toBe(true);
});

test("each line is acknowledged once, under its own hash", async () => {
  await using network = await startTestNetwork(createFakeClock());
  await network.openai.chat.completions.create(question);
  const acknowledged = await network.settle();
  expect(acknowledged).toMatchObject([{ k: 1, verdict: "ok" }]);
});

test("usage is sent to those who ask for it, after the finish reason and with a cost", async () => {
  await using network = await startTestNetwork(createFakeClock());
  const response = await post(network, "/v1/chat/completions", {
    ...question,
    stream: true,
    stream_options: { include_usage: true },
  });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  const events = (await response.text()).trimEnd().split("\n\n");
  const [finishEvent, usageEvent, cost, done] = events.slice(-4);
  expect(finishEvent).toContain(`"finish_reason":"stop"`);
  expect(JSON.parse(usageEvent!.slice("data: ".length))).toMatchObject({
    choices: [],
    usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
  });
  expect(cost).toBe(": x-troop-cost 0.010000");
  expect(done).toBe("data: [DONE]");
});

test("the first delta leaves before the engine's second arrives", async () => {
  const second = Promise.withResolvers<void>();
  await using network = await startTestNetwork(createFakeClock(), [
    async (exchange) => {
      exchange.open();
      exchange.text("first");
      await second.promise;
      finish(exchange, "stop");
    },
  ]);
  const stream = await network.openai.chat.completions.create({ ...question, stream: true });
  const chunks = stream[Symbol.asyncIterator]();
  const first = await chunks.next();
  expect(first.value).toMatchObject({
    choices: [{ delta: { role: "assistant", content: "first" } }],
  });
  second.resolve();
  expect((await chunks.next()).value).toMatchObject({ choices: [{ finish_reason: "stop" }] });
});

test("while a node is loading, comments keep the connection alive", async () => {
  const clock = createFakeClock();
  const loaded = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  await using network = await startTestNetwork(clock, [
    async (exchange) => {
      asked.resolve();
      await loaded.promise;
      exchange.open();
      exchange.text("Hi");
      finish(exchange, "stop");
    },
  ]);
  const pending = post(network, "/v1/chat/completions", { ...question, stream: true });
  await asked.promise;
  await clock.advance(10_000);
  const response = await pending;
  loaded.resolve();
  const text = await response.text();
  expect(text.startsWith(": keep-alive\n\ndata: ")).toBe(true);
  expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
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
