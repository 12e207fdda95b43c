/** Ollama's API as other clients than its own package use it: curl, probes, names without a tag, lines while waiting. */
import { request as httpRequest } from "node:http";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { createFakeClock } from "../../../../test/support/fake-clock.ts";
import { post, startTestNetwork, type TestNetwork } from "../../fixtures/sidecar.fixture.ts";
import { finish, sayHello } from "../../fixtures/stub-worker.fixture.ts";

const question = { model: "toy:1b", messages: [{ role: "user", content: "Hello?" }] };
const linesOf = (body: string) =>
  body
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

async function rename({ coordinator }: TestNetwork, name: string) {
  const [node] = coordinator.nodes;
  const [model] = node!.models;
  coordinator.nodes = [{ ...node!, models: [{ ...model!, name }] }];
}

test("an answer is a stream of lines unless it is told not to be", async () => {
  await using network = await startTestNetwork(createFakeClock());
  const streamed = await post(network, "/api/chat", question);
  expect(streamed.headers.get("content-type")).toBe("application/x-ndjson");
  expect(streamed.headers.get("x-troop-node")).toBe(network.worker.nodeId);
  expect(linesOf(await streamed.text()).map(({ done }) => done)).toEqual([false, false, true]);
  const whole = await post(network, "/api/chat", { ...question, stream: false });
  expect(whole.headers.get("content-type")).toMatch(/^application\/json/);
  expect(whole.headers.get("x-troop-cost")).toMatch(/^\d/);
  expect(await whole.json()).toMatchObject({ done: true, message: { content: "Hello you" } });
});

test("while a model loads, lines that every client reads say that it is not forgotten", async () => {
  const clock = createFakeClock();
  const [asked, loaded] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using network = await startTestNetwork(clock, [
    async (exchange) => {
      asked.resolve();
      await loaded.promise;
      await sayHello(exchange);
    },
  ]);
  const pending = post(network, "/api/generate", { model: "toy:1b", prompt: "Hello?" });
  await asked.promise;
  await clock.advance(10_000);
  const response = await pending;
  loaded.resolve();
  const body = await response.text();
  // The Go client breaks at an empty line, Python's at one without the fields of an answer.
  expect(body).not.toMatch(/^\n/m);
  const [first, second] = linesOf(body);
  expect(first).toMatchObject({ model: "toy:1b", response: "", done: false });
  expect(second).toMatchObject({ response: "Hello" });
});

test("durations are told in nanoseconds", async () => {
  const clock = createFakeClock();
  await using network = await startTestNetwork(clock, [
    async (exchange) => {
      await clock.advance(1_500);
      exchange.open();
      exchange.text("Hi");
      finish(exchange, "stop");
    },
  ]);
  const answer = await post(network, "/api/chat", { ...question, stream: true });
  expect(linesOf(await answer.text()).at(-1)).toMatchObject({
    total_duration: 1_500_000_000,
    prompt_eval_duration: 1_500_000_000,
    eval_duration: 0,
  });
});

test.each([
  ["llama3.2", "llama3.2:latest"],
  ["llama3.2:latest", "llama3.2"],
  ["llama3.2:latest", "llama3.2:latest"],
])("who asks for %s is served by %s, and told the name they used", async (asked, offered) => {
  await using network = await startTestNetwork(createFakeClock());
  await rename(network, offered);
  const answer = await post(network, "/api/chat", { ...question, model: asked, stream: false });
  expect(await answer.json()).toMatchObject({ model: asked, done: true });
  expect(network.coordinator.authorized.map(({ model }) => model)).toEqual([offered]);
  const shown = await post(network, "/api/show", { name: asked });
  expect(await shown.json()).toMatchObject({
    model_info: { "unknown.context_length": 4_096 },
    details: { family: "" },
  });
});

test.each([
  ["llama3.2:3b", "llama3.2:latest"],
  ["llama3.2", "llama3.2:3b"],
  ["hf.co:443/a/b", "hf.co:443/a/b:q4"],
])("%s is not taken for %s", async (asked, offered) => {
  await using network = await startTestNetwork(createFakeClock());
  await rename(network, offered);
  const answer = await post(network, "/api/chat", { ...question, model: asked });
  expect(answer.status).toBe(404);
  expect(await answer.json()).toEqual({ error: "No node in reach offers this model." });
});

test("what is not for a network of other people's engines is left out and named", async () => {
  await using network = await startTestNetwork(createFakeClock());
  const options = { num_ctx: 8_192, num_gpu: 1, temperature: 0 };
  const answer = await post(network, "/api/chat", { ...question, options, keep_alive: "5m" });
  expect(answer.headers.get("x-troop-ignored")).toBe(
    "options.num_ctx, options.num_gpu, keep_alive",
  );
  await answer.text();
  expect(network.worker.requests[0]!.body).toMatchObject({ temperature: 0 });
  expect(network.worker.requests[0]!.body).not.toHaveProperty("options");
});

function curl(
  network: TestNetwork,
  method: string,
  path: string,
  type: string | undefined,
  body = "",
) {
  const { hostname, port } = new URL(network.sidecar.url);
  const headers = type === undefined ? {} : { "content-type": type };
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    httpRequest({ hostname, port, method, path, headers }, (response) => {
      void text(response).then((answer) => resolve({ status: response.statusCode!, body: answer }));
    })
      .on("error", reject)
      .end(body);
  });
}

test("curl needs no header, as Ollama's own documents show it", async () => {
  await using network = await startTestNetwork(createFakeClock());
  const body = JSON.stringify({ model: "toy:1b", prompt: "Hello?" });
  for (const type of [undefined, "application/x-www-form-urlencoded", "text/plain"]) {
    const answer = await curl(network, "POST", "/api/generate", type, body);
    expect(answer.status).toBe(200);
    expect(linesOf(answer.body)).toHaveLength(3);
  }
});

test("probes find what they look for", async () => {
  await using network = await startTestNetwork(createFakeClock());
  const asked = async (method: string, path: string) => curl(network, method, path, undefined);
  expect(await asked("GET", "/")).toEqual({ status: 200, body: "Ollama is running" });
  expect(await asked("HEAD", "/")).toEqual({ status: 200, body: "" });
  expect((await asked("HEAD", "/api/tags")).status).toBe(200);
  expect((await asked("HEAD", "/api/version")).status).toBe(200);
  expect((await asked("HEAD", "/api/blobs/sha256:aa")).status).toBe(501);
});

test.each([
  ["GET", "/api/nothing", "", 404],
  ["GET", "/api/chat", "", 405],
  ["POST", "/api/chat", "{", 400],
  ["POST", "/api/chat", `{"messages":[]}`, 400],
  ["POST", "/api/generate", `{"model":"toy:1b","prompt":"?","format":"yaml"}`, 400],
  ["POST", "/api/embed", `{"model":"toy:1b","input":{}}`, 400],
  ["POST", "/api/show", "{}", 400],
  ["POST", "/api/pull", `{"model":"toy:1b"}`, 501],
])("%s %s %s is refused in a plain sentence", async (method, path, body, status) => {
  await using network = await startTestNetwork(createFakeClock());
  const answer = await curl(network, method, path, undefined, body);
  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.body)).toEqual({ error: expect.stringMatching(/^\S.*\.$/) as string });
});

test("models are listed with all that the nodes say, and a digest of their own where they say none", async () => {
  await using network = await startTestNetwork(createFakeClock());
  const [node] = network.coordinator.nodes;
  const [model] = node!.models;
  const digest = `sha256:${"ab".repeat(32)}`;
  const known = { ...model!, name: "b", digest, size_bytes: 4_000, quantization: "Q4_K_M" };
  network.coordinator.nodes = [
    { ...node!, models: [known, { ...model!, name: "a", loaded: false }] },
  ];
  const { models } = JSON.parse((await curl(network, "GET", "/api/tags", undefined)).body) as {
    models: Record<string, unknown>[];
  };
  expect(models.slice(0, 2)).toMatchObject([
    { name: "a", size: 0, digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    { name: "b", size: 4_000, digest: "ab".repeat(32), details: { quantization_level: "Q4_K_M" } },
  ]);
  // Behind them, names that stand for several.
  expect(models.slice(2).map(({ name }) => name)).toContain("troop/auto");
  const running = JSON.parse((await curl(network, "GET", "/api/ps", undefined)).body) as object;
  expect(running).toMatchObject({
    models: [{ name: "b", size_vram: 4_000, context_length: 4_096 }],
  });
});
