/** What a relay does while streams run: slow readers, peers that go away, and its own end. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { constants, type ServerHttp2Stream } from "node:http2";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { limits } from "../protocol/limits.ts";
import {
  answerTo,
  closeOf,
  connectWorker,
  createNodeSigner,
  knock,
  proofFor,
  startRelayFixture,
} from "./relay.fixture.ts";

const mebibyte = 1_024 * 1_024;

/** A relay, a worker, and a way to open streams between a client and it. */
async function startFlow() {
  const stack = new AsyncDisposableStack();
  const relay = stack.use(await startRelayFixture());
  const worker = await connectWorker([relay.url], relay.clock);
  stack.defer(() => worker.stop());
  return {
    ...{ relay, worker, clock: relay.clock },
    /** A request that has its head, and whose answer has begun. */
    async open() {
      const request = relay.post(worker.node, await relay.token(worker.node));
      request.end("question");
      const stream = await worker.streams.next();
      stream.respond({ ":status": 200, "content-type": "application/troop-sealed" });
      const response = await answerTo(request);
      return { request, stream, response };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Writes until the stream takes no more; resolves with the bytes that went in. */
async function fill(stream: ServerHttp2Stream): Promise<number> {
  const chunk = Buffer.alloc(16 * 1_024);
  let sent = 0;
  for (let idle = 0; idle < 20;) {
    let isTaken = false;
    stream.write(chunk, () => {
      isTaken = true;
      sent += chunk.length;
    });
    for (let turn = 0; turn < 20 && !isTaken; turn += 1)
      await new Promise((resolve) => setImmediate(resolve));
    if (isTaken) idle = 0;
    else idle += 1;
  }
  return sent;
}

const failureOf = (response: IncomingMessage) =>
  text(response).then(
    () => "ended",
    (error: NodeJS.ErrnoException) => error.code,
  );

test("a reader who stops costs the relay little, and the streams beside it go on", async () => {
  await using flow = await startFlow();
  const stalled = await flow.open();
  stalled.response.pause();
  const other = await flow.open();
  // The system's own buffers between relay and client hold some MiB on loopback; the rest is the relay's and the worker's.
  const sent = await fill(stalled.stream);
  expect(sent).toBeLessThan(10 * mebibyte);
  other.stream.end("whole");
  expect(await text(other.response)).toBe("whole");
});

test("a reader who takes nothing for half a minute is hung up on, and the worker hears of it", async () => {
  await using flow = await startFlow();
  const { stream, response } = await flow.open();
  response.pause();
  const closed = closeOf(stream);
  await fill(stream);
  await flow.clock.advance(limits.slowReaderMs);
  await closed;
  expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
});

test("a client that goes on sending after its answer is hung up on", async () => {
  await using flow = await startFlow();
  const { relay, worker } = flow;
  const token = await relay.token(worker.node);
  // Else it is hung up on at once.
  const request = relay.post(worker.node, token, { connection: "keep-alive" });
  (await worker.streams.next()).respond({ ":status": 400 }, { endStream: true });
  await text(await answerTo(request));
  const closed = closeOf(request);
  const chunk = Buffer.alloc(mebibyte);
  let sent = 0;
  for (; !request.destroyed && sent < 100 * mebibyte; sent += chunk.length)
    await Promise.race([closed, new Promise((resolve) => request.write(chunk, resolve))]);
  expect(sent).toBeGreaterThan(limits.inferenceBodyBytes);
  expect(sent).toBeLessThan(100 * mebibyte);
});

test("a client that hangs up is noticed at the worker", async () => {
  await using flow = await startFlow();
  const { request, stream } = await flow.open();
  const closed = closeOf(stream);
  request.destroy();
  await closed;
  expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
});

test.each<[string, (stream: ServerHttp2Stream) => void]>([
  ["breaks the stream", (stream) => stream.destroy(new Error("broken"))],
  ["breaks the connection", (stream) => stream.session!.socket.destroy()],
  ["ends the connection half-way", (stream) => stream.session!.destroy()],
])("a worker that %s takes the client's connection with it", async (_name, leave) => {
  await using flow = await startFlow();
  const { stream, response } = await flow.open();
  stream.write("half of an answer");
  await once(response, "data");
  const failure = failureOf(response);
  leave(stream);
  expect(await failure).toBe("ECONNRESET");
});

test("a worker that goes away before it answered leaves no client waiting", async () => {
  await using flow = await startFlow();
  const { relay, worker } = flow;
  const request = relay.post(worker.node, await relay.token(worker.node));
  const failure = once(request, "response").catch((error: NodeJS.ErrnoException) => error.code);
  (await worker.streams.next()).session!.socket.destroy();
  expect(await failure).toBe("ECONNRESET");
});

test("a worker that no longer answers pings is given up, and its clients with it", async () => {
  await using relay = await startRelayFixture();
  const node = await createNodeSigner();
  using deaf = knock(relay.url, {
    upgrade: "troop-relay",
    dpop: await proofFor(node, relay.url, relay.clock.now()),
  });
  expect(await deaf.answer).toMatch(/^HTTP\/1\.1 101 /);
  const request = relay.post(node, await relay.token(node));
  const failure = once(request, "response").catch((error: NodeJS.ErrnoException) => error.code);
  // Its request has arrived there, ticket and all.
  await deaf.heard(800);
  await relay.clock.advance(limits.relayPingMs);
  await relay.clock.advance(limits.relayPingMs);
  expect(await failure).toBe("ECONNRESET");
});

test("a relay that stops takes nothing new, tells its workers, and lets streams finish", async () => {
  const { relay, worker, open } = await startFlow();
  const { stream, response } = await open();
  const token = await relay.token(worker.node);
  const stopped = relay.relay[Symbol.asyncDispose]();
  await expect.poll(() => worker.changes.all.at(-1)).toEqual([]);
  const refused = await answerTo(relay.post(worker.node, token).end());
  expect(refused.statusCode).toBe(503);
  expect(refused.headers["retry-after"]).toBeDefined();
  expect(await text(refused)).toMatch(/"draining"/);
  stream.end("to the end");
  expect(await text(response)).toBe("to the end");
  await stopped;
  await worker.stop();
});

test("a relay that stops waits five minutes for its streams and no longer", async () => {
  const { relay, worker, open, clock } = await startFlow();
  const { response } = await open();
  const failure = failureOf(response);
  const stopped = relay.relay[Symbol.asyncDispose]();
  await expect.poll(() => worker.changes.all.at(-1)).toEqual([]);
  let isOver = false;
  void failure.then(() => (isOver = true));
  for (let left = limits.drainMs; left > limits.relayPingMs; left -= limits.relayPingMs) {
    await clock.advance(limits.relayPingMs);
    // It is not for the want of an answered ping that the stream ends.
    await (await fetch(`${relay.url}/health`)).text();
  }
  expect(isOver).toBe(false);
  await clock.advance(limits.relayPingMs);
  expect(await failure).toBe("ECONNRESET");
  await stopped;
  await worker.stop();
});
