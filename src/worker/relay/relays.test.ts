/** How a worker keeps its connections to relays: through what is in between, and whatever becomes of the other end. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { expect, test, vi } from "vitest";
import { limits } from "../../protocol/limits.ts";
import { freePort } from "../../../tools/services/ready.ts";
import { startRelayFixture, answerTo, closeOf, connectWorker } from "../../relay/relay.fixture.ts";

/** Lets WebSockets pass and answers other upgrades itself, as proxies do that do not know them. Without an answer all pass. */
async function startProxy(refusal?: string) {
  const upgrades: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  let swallowed = 0;
  let target: URL | undefined;
  const server = createServer((inside) => {
    sockets.add(inside);
    inside.on("error", () => undefined);
    inside.once("data", (head) => {
      const upgrade = /^upgrade: (.*)\r$/im.exec(String(head))?.[1];
      upgrades.push(upgrade);
      if (refusal !== undefined && upgrade !== "websocket") return inside.end(refusal);
      const outside = connect(Number(target!.port), target!.hostname);
      sockets.add(outside);
      outside.on("error", () => undefined);
      outside.write(head);
      const pass = (from: Socket, to: Socket) => {
        const connection = sockets.size;
        from.on("data", (chunk) => connection > swallowed && to.write(chunk));
        from.once("close", () => connection > swallowed && to.destroy());
      };
      pass(inside, outside);
      pass(outside, inside);
      return undefined;
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ upgrades, breakAll },
    /** As a router does that has forgotten a connection: what is sent on those that stand gets nowhere. */
    forget: () => (swallowed = sockets.size),
    leadTo: (url: string) => (target = new URL(url)),
    async [Symbol.asyncDispose]() {
      breakAll();
      server.close();
      await once(server, "close");
    },
  };
}

async function startBehindProxy(refusal?: string) {
  const stack = new AsyncDisposableStack();
  const proxy = stack.use(await startProxy(refusal));
  const relay = stack.use(await startRelayFixture({ publicUrl: proxy.url }));
  proxy.leadTo(relay.url);
  const worker = await connectWorker([proxy.url], relay.clock);
  stack.defer(() => worker.stop());
  return {
    ...{ proxy, relay, worker },
    async open() {
      const request = relay.post(worker.node, await relay.token(worker.node)).end("question");
      const stream = await worker.streams.next();
      stream.respond({ ":status": 200 });
      stream.write("answer");
      const response = await answerTo(request);
      await once(response, "data");
      return { request, stream, response };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const refusals = [
  "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 7\r\n\r\n<html/>",
  "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi",
  // Hangs up without a word.
  "",
];

test.each(refusals)("where a proxy answers %j, a WebSocket carries the streams", async (said) => {
  await using behind = await startBehindProxy(said);
  expect(behind.proxy.upgrades).toEqual(["troop-relay", "websocket"]);
  const { stream, response } = await behind.open();
  const large = "x".repeat(3_000_000);
  stream.end(large);
  expect(await text(response)).toBe(large);
});

test.each(Array.from({ length: 10 }, (_, index) => index + 1))(
  "a WebSocket that breaks under a stream ends it on both sides and no process (%i)",
  async () => {
    await using behind = await startBehindProxy(refusals[0]!);
    const { proxy, worker } = behind;
    const { stream, response } = await behind.open();
    const failure = text(response).catch((error: NodeJS.ErrnoException) => error.code);
    const closed = closeOf(stream);
    const writing = setInterval(() => stream.writable && stream.write("y".repeat(50_000)), 1);
    proxy.breakAll();
    expect(await failure).toBe("ECONNRESET");
    await closed;
    clearInterval(writing);
    expect(worker.changes.all.at(-1)).toEqual([]);
  },
);

test("behind such a proxy the WebSocket is tried first from then on, while it works", async () => {
  await using behind = await startBehindProxy(refusals[0]!);
  const { proxy, worker, relay } = behind;
  const isBack = () => worker.changes.all.at(-1)?.length === 1;
  const again = async () => {
    proxy.breakAll();
    await expect.poll(isBack).toBe(false);
    const back = vi.waitUntil(isBack, { timeout: 10_000 });
    await relay.clock.advance(1_000);
    await back;
  };
  await again();
  expect(proxy.upgrades).toEqual(["troop-relay", "websocket", "websocket"]);
});

test("a relay's own refusal is not taken for a proxy's", async () => {
  // It dials another URL than the relay goes by, so that its proof is refused.
  await using relay = await startRelayFixture({ publicUrl: "http://127.0.0.1:1" });
  await using proxy = await startProxy();
  proxy.leadTo(relay.url);
  const worker = await connectWorker([proxy.url], relay.clock);
  expect(worker.sessions.all).toEqual([]);
  expect(proxy.upgrades).toEqual(["troop-relay"]);
  await worker.stop();
});

test.each([
  ["its own connection", ""],
  ["a WebSocket", refusals[0]!],
])(
  "%s that is forgotten on the way is given up at both ends by the second ping, and made anew",
  async (_name, refusal) => {
    await using behind = await startBehindProxy(refusal || undefined);
    const { proxy, worker, relay } = behind;
    const { stream, response } = await behind.open();
    const failure = text(response).catch((error: NodeJS.ErrnoException) => error.code);
    const closed = closeOf(stream);
    proxy.forget();
    await relay.clock.advance(limits.relayPingMs - 1);
    expect(worker.changes.all.at(-1)).toEqual([proxy.url]);
    await relay.clock.advance(1);
    await relay.clock.advance(limits.relayPingMs);
    await closed;
    expect(await failure).toBe("ECONNRESET");
    const back = vi.waitUntil(() => worker.changes.all.at(-1)?.length === 1, { timeout: 10_000 });
    await relay.clock.advance(1_000);
    await back;
    const again = await behind.open();
    again.stream.end("!");
    expect(await text(again.response)).toBe("!");
  },
);

test("a worker holds a connection to each of its relays, and says which stand", async () => {
  await using first = await startRelayFixture();
  await using second = await startRelayFixture();
  const worker = await connectWorker([first.url, second.url], first.clock);
  expect(worker.changes.all.at(-1)?.toSorted()).toEqual([first.url, second.url].toSorted());
  first.post(worker.node, await first.token(worker.node));
  second.post(worker.node, await second.token(worker.node));
  for (const _relay of [first, second])
    (await worker.streams.next()).respond({ ":status": 204 }, { endStream: true });
  await worker.stop();
});

test("a relay that comes back is dialled again, after a pause that grows and is never in step", async () => {
  const listen = { host: "127.0.0.1", port: await freePort() };
  const first = await startRelayFixture({ listen });
  const { clock } = first;
  const worker = await connectWorker([first.url], clock);
  await first[Symbol.asyncDispose]();
  await expect.poll(() => worker.changes.all.at(-1)).toEqual([]);
  await using again = await startRelayFixture({ listen }, clock);
  const back = vi.waitUntil(() => worker.changes.all.at(-1)?.length === 1, { timeout: 10_000 });
  await clock.advance(1_000);
  await back;
  again.post(worker.node, await again.token(worker.node));
  expect(await worker.streams.next()).toBeDefined();
  await worker.stop();
});
