/** Who may open a WebSocket, how many there are, how long they last, and how they end. */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { expect, test } from "vitest";
import { createFakeClock } from "../../../../test/support/fake-clock.ts";
import { limits } from "../../../protocol/limits.ts";
import type { SidecarConfig } from "../../config.ts";
import { startTestNetwork, whileTimePasses } from "../../fixtures/sidecar.fixture.ts";
import { finish, type Script, type StubExchange } from "../../fixtures/stub-worker.fixture.ts";
import { openSocket, refusedUpgrade } from "../../fixtures/web-socket.fixture.ts";
import { responseLimits } from "../limits.ts";

const asked = { model: "toy:1b", input: "Hello?" };

async function start(script?: Script, settings: Partial<SidecarConfig> = {}) {
  const clock = createFakeClock();
  return Object.assign(await startTestNetwork(clock, [script], settings), { clock });
}

/** A node that says one word and then waits for the test. */
function heldNode() {
  const reached = Promise.withResolvers<StubExchange>();
  const script: Script = (exchange) => {
    exchange.open();
    exchange.text("word");
    reached.resolve(exchange);
  };
  return { script, reached: reached.promise };
}

const evil = "https://evil.example";
const forbidden = { status: 403, code: "forbidden_origin" };

test.each([
  ["a web page", { origin: evil }],
  ["a page of another site", { headers: { "sec-fetch-site": "cross-site" } }],
  ["a name that was bent to this machine", { headers: { host: "evil.example" } }],
])("an upgrade of %s is refused", async (_who, options) => {
  await using network = await start();
  expect(await refusedUpgrade(network, options)).toEqual(forbidden);
});

test("a web page that is allowed may, with the key where there is one", async () => {
  const apiKey = "secret";
  await using network = await start(undefined, { allowedOrigins: [evil], apiKey });
  const wrong = { status: 401, code: "invalid_api_key" };
  expect(await refusedUpgrade(network, { origin: evil })).toEqual(wrong);
  const headers = { authorization: `Bearer ${apiKey}` };
  using socket = await openSocket(network, { origin: evil, headers });
  socket.create(asked);
  await socket.until("response.completed");
});

test("elsewhere there are no WebSockets, and upgrades to something else are passed over", async () => {
  await using network = await start();
  expect(await refusedUpgrade(network, {}, "/v1/models/x")).toMatchObject({ status: 404 });
  const { hostname, port } = new URL(network.sidecar.url);
  const headers = { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "" };
  const sent = request({ hostname, port, path: "/v1/chat/completions", method: "POST", headers });
  sent.end(JSON.stringify({ model: asked.model, messages: [{ role: "user", content: "Hi" }] }));
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  response.resume();
});

test("only so many may be open, and one that closes makes room", async () => {
  await using network = await start();
  const open = await Promise.all(
    Array.from({ length: responseLimits.socketsMost }, () => openSocket(network)),
  );
  expect(await refusedUpgrade(network)).toMatchObject({ status: 429 });
  open[0]!.raw.close();
  await open[0]!.closed;
  using another = await openSocket(network);
  another.create(asked);
  await another.until("response.completed");
  for (const socket of open) socket[Symbol.dispose]();
});

test("hanging up ends the node's work", async () => {
  const node = heldNode();
  await using network = await start(node.script);
  using socket = await openSocket(network);
  socket.create(asked);
  const exchange = await node.reached;
  socket.raw.terminate();
  await exchange.gone;
});

test("more than may wait on one connection is refused", async () => {
  const node = heldNode();
  await using network = await start(node.script);
  using socket = await openSocket(network);
  for (let count = 0; count <= responseLimits.socketPendingMost; count += 1) socket.create(asked);
  const refused = (await socket.until("error")).at(-1);
  expect(refused).toMatchObject({ status: 429, error: { code: "rate_limit_exceeded" } });
});

test("a message that is too large closes the connection", async () => {
  await using network = await start();
  using socket = await openSocket(network);
  socket.send("x".repeat(limits.inferenceBodyBytes + 1));
  expect(await socket.closed).toEqual({ code: 1009 });
});

test("who does not read is hung up on after 30 s, and the node's work ends", async () => {
  const reached = Promise.withResolvers<StubExchange>();
  await using network = await start((exchange) => {
    exchange.open();
    for (let count = 0; count < 400; count += 1) exchange.text("x".repeat(60_000));
    reached.resolve(exchange);
  });
  using socket = await openSocket(network);
  socket.create(asked);
  socket.raw.pause();
  const exchange = await reached.promise;
  await whileTimePasses(network.clock, exchange.gone);
  socket.raw.resume();
  expect(await socket.closed).toEqual({ code: 1006 });
});

test("after an hour what runs is answered, nothing new is, and the connection closes", async () => {
  const node = heldNode();
  await using network = await start(node.script);
  using socket = await openSocket(network);
  await network.clock.advance(responseLimits.socketLifeMs - 1_000);
  socket.create(asked);
  const exchange = await node.reached;
  await network.clock.advance(1_000);
  socket.create(asked);
  const over = { type: "error", error: { code: "websocket_connection_limit_reached" } };
  expect((await socket.until("error")).at(-1)).toMatchObject(over);
  finish(exchange, "stop");
  await socket.until("response.completed");
  expect(await socket.next()).toMatchObject(over);
  expect(await socket.closed).toEqual({ code: 1000 });
});

test("pings keep it alive, whether or not they are answered", async () => {
  await using network = await start();
  using socket = await openSocket(network, { autoPong: false });
  for (let round = 0; round < 3; round += 1) {
    const pinged = once(socket.raw, "ping");
    await network.clock.advance(responseLimits.socketPingMs);
    await pinged;
  }
  socket.create(asked);
  await socket.until("response.completed");
});

test("a sidecar that stops says so, fails what runs, and closes", async () => {
  const node = heldNode();
  await using network = await start(node.script);
  using busy = await openSocket(network);
  using idle = await openSocket(network);
  busy.create(asked);
  await busy.until("response.output_text.delta");
  const stopped = network.sidecar[Symbol.asyncDispose]();
  const draining = { type: "error", error: { code: "draining" } };
  expect(await idle.next()).toMatchObject(draining);
  await busy.until("response.failed");
  expect(await busy.next()).toMatchObject(draining);
  for (const socket of [busy, idle]) expect(await socket.closed).toEqual({ code: 1001 });
  await stopped;
});
