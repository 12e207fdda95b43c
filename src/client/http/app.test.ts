/** The local API's manners: whom it serves, what it refuses, and in which words. */
import { request as httpRequest } from "node:http";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { post, startTestNetwork, type TestNetwork } from "../fixtures/sidecar.fixture.ts";

const chat = "/v1/chat/completions";
const question = { model: "toy:1b", messages: [{ role: "user", content: "Hello?" }] };

/** `fetch` sets some headers by itself and forbids others. */
function raw(
  { sidecar }: TestNetwork,
  { method = "GET", path = "/v1/models", body = "", headers = {} as Record<string, string> },
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }> {
  const { hostname, port } = new URL(sidecar.url);
  return new Promise((resolve, reject) => {
    httpRequest({ hostname, port, method, path, headers }, (response) => {
      void text(response).then((answer) =>
        resolve({ status: response.statusCode!, headers: response.headers, body: answer }),
      );
    })
      .on("error", reject)
      .end(body);
  });
}

test.each([
  ["another name", { host: "evil.example:9000" }],
  ["a page of another origin", { origin: "https://evil.example" }],
  ["a page without an origin", { origin: "null" }],
  ["a foreign site's image tag", { "sec-fetch-site": "cross-site" }],
])("%s is refused", async (_name, headers) => {
  await using network = await startTestNetwork(createFakeClock());
  const { status, body } = await raw(network, { headers });
  expect(status).toBe(403);
  expect(JSON.parse(body)).toMatchObject({
    error: { code: "forbidden_origin", type: "permission_error", param: null },
    request_id: expect.stringMatching(/./) as string,
  });
});

test.each([
  { host: "localhost:1234" },
  { host: "[::1]:9000" },
  { "sec-fetch-site": "none" },
  { "sec-fetch-site": "same-origin" },
])("a request with %o is served", async (headers) => {
  await using network = await startTestNetwork(createFakeClock());
  expect((await raw(network, { headers })).status).toBe(200);
});

test("a page of an allowed origin is served, and its browser told so", async () => {
  const origin = "http://localhost:3000";
  await using network = await startTestNetwork(createFakeClock(), [undefined], {
    allowedOrigins: [origin],
  });
  const preflight = await raw(network, {
    method: "OPTIONS",
    path: chat,
    headers: { origin, "access-control-request-headers": "content-type, x-stainless-new" },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers["access-control-allow-origin"]).toBe(origin);
  expect(preflight.headers["access-control-allow-headers"]).toBe("content-type, x-stainless-new");

  const answer = await post(network, chat, question, { origin });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
  expect(
    (await post(network, chat, question, { origin, "content-type": "text/plain" })).status,
  ).toBe(415);
});

test("an application without a content type is understood", async () => {
  await using network = await startTestNetwork(createFakeClock());
  const body = JSON.stringify(question);
  const form = { "content-type": "application/x-www-form-urlencoded" };
  expect((await raw(network, { method: "POST", path: chat, body })).status).toBe(200);
  expect((await raw(network, { method: "POST", path: chat, body, headers: form })).status).toBe(
    200,
  );
});

test("where a key is set it must be given, as Bearer or x-api-key", async () => {
  await using network = await startTestNetwork(createFakeClock(), [undefined], { apiKey: "open" });
  const statusWith = async (headers: Record<string, string>, path?: string) =>
    (await raw(network, { headers, ...(path ? { path } : {}) })).status;
  expect(await statusWith({})).toBe(401);
  expect(await statusWith({ authorization: "Bearer wrong" })).toBe(401);
  expect(await statusWith({ authorization: "Bearer open" })).toBe(200);
  expect(await statusWith({ "x-api-key": "open" })).toBe(200);
  expect(await statusWith({}, "/health")).toBe(200);
});

test.each([
  ["{", 400, "invalid_json"],
  ["", 400, "invalid_json"],
  [`{"model":"a","model":"b"}`, 400, "duplicate_key"],
  [`{"model":${"[".repeat(40)}${"]".repeat(40)}}`, 400, "json_too_deep"],
  [`[]`, 400, "invalid_value"],
  [`{"model":"toy:1b"}`, 400, "invalid_value"],
  [`{"model":"toy:1b","messages":[],"temperature":1e400}`, 400, "invalid_value"],
])("the body %s is refused", async (body, status, code) => {
  await using network = await startTestNetwork(createFakeClock());
  const response = await post(network, chat, body);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ error: { code, type: "invalid_request_error" } });
});

test("a body over the limit is refused", async () => {
  await using network = await startTestNetwork(createFakeClock());
  const response = await post(network, chat, " ".repeat(21 * 1_024 * 1_024));
  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({ error: { code: "request_too_large" } });
});

test.each([
  ["GET", "/v1/nothing", 404, "not_found"],
  ["GET", chat, 405, "method_not_allowed"],
  ["GET", "/v1//models", 400, "invalid_path"],
  ["GET", "/v1/../models", 400, "invalid_path"],
  ["GET", "/v1/models/%00", 400, "invalid_path"],
  ["GET", "http://evil.example/v1/models", 400, "bad_framing"],
])("%s %s is %i %s", async (method, path, status, code) => {
  await using network = await startTestNetwork(createFakeClock());
  const answer = await raw(network, { method, path });
  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.body)).toMatchObject({ error: { code } });
  if (status === 405) expect(answer.headers["allow"]).toBe("POST");
});

test("a model is found by an id with a colon and a slash, encoded or not", async () => {
  await using network = await startTestNetwork(createFakeClock());
  const [node] = network.coordinator.nodes;
  const [model] = node!.models;
  network.coordinator.nodes = [{ ...node!, models: [{ ...model!, name: "hf.co/a/b:Q4" }] }];
  const found = await network.openai.models.retrieve("hf.co/a/b:Q4");
  expect(found).toMatchObject({ id: "hf.co/a/b:Q4", object: "model", context_length: 4_096 });
  expect(found).toMatchObject({ troop: { nodes: 1, price: { per_second: "1.000000000000" } } });
  const plain = await raw(network, { path: "/v1/models/hf.co/a/b:Q4" });
  expect(plain.status).toBe(200);
  const missing = await raw(network, { path: "/v1/models/none" });
  expect(missing.status).toBe(404);
  expect(JSON.parse(missing.body)).toMatchObject({ error: { code: "model_not_found" } });
});

test("the list of models outlives its coordinator", async () => {
  const clock = createFakeClock();
  await using network = await startTestNetwork(clock);
  const own = async () =>
    (await network.openai.models.list()).data.filter(({ id }) => !id.startsWith("troop/"));
  expect(await own()).toHaveLength(1);
  await clock.advance(20_000);
  network.coordinator.before = () => {
    throw new Error("down");
  };
  expect(await own()).toHaveLength(1);
});

test("health and status tell of themselves", async () => {
  await using network = await startTestNetwork(createFakeClock());
  expect(JSON.parse((await raw(network, { path: "/health" })).body)).toMatchObject({
    status: "ok",
  });
  await network.sidecar.prepare("toy:1b");
  const status = JSON.parse((await raw(network, { path: "/status" })).body) as object;
  expect(status).toMatchObject({
    coordinator: network.coordinator.url,
    tickets: [{ node: network.worker.nodeId }],
    peers: { count: 1 },
    pending_acknowledgements: 0,
    balance: null,
    balance_error: "not_found",
  });
});
