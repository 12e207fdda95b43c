/** A worker that speaks HTTP/2 by hand: whatever it says, it harms nobody but those who asked it. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  closeOf,
  connectWorker,
  createNodeSigner,
  proofFor,
  type RelayFixture,
  startRelayFixture,
} from "./relay.fixture.ts";

let relay: RelayFixture;
beforeAll(async () => {
  relay = await startRelayFixture();
});
afterAll(() => relay[Symbol.asyncDispose]());

const types = { headers: 1, settings: 4 } as const;
const endOfHeadersAndStream = 0x05;
const acknowledged = 0x01;
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const frameHeadBytes = 9;

function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(frameHeadBytes);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** `:status` as a literal behind the static table's name for it, RFC 7541. */
const statusBlock = (status: string) => Buffer.from(`\x08\x03${status}`, "latin1");

/** Connects as a proven node and answers each request with this status and nothing else. */
async function connectStranger(status: string) {
  const node = await createNodeSigner();
  const { hostname, port } = new URL(relay.url);
  const socket: Socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  const proof = await proofFor(node, relay.url, relay.clock.now());
  socket.write(
    `GET /relay HTTP/1.1\r\nhost: relay\r\nconnection: Upgrade\r\nupgrade: troop-relay\r\ndpop: ${proof}\r\n\r\n`,
  );
  let waiting = Buffer.alloc(0);
  let isFramed = false;
  const ready = Promise.withResolvers<void>();
  socket.on("data", (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    if (!isFramed) {
      const start = waiting.indexOf(preface);
      if (start < 0) return;
      waiting = waiting.subarray(start + preface.length);
      isFramed = true;
      socket.write(frame(types.settings, 0, 0, Buffer.alloc(0)));
      ready.resolve();
    }
    for (;;) {
      if (waiting.length < frameHeadBytes) return;
      const length = waiting.readUIntBE(0, 3);
      if (waiting.length < frameHeadBytes + length) return;
      const [type, flags, stream] = [waiting[3], waiting[4], waiting.readUInt32BE(5)];
      waiting = waiting.subarray(frameHeadBytes + length);
      if (type === types.settings && flags !== acknowledged)
        socket.write(frame(types.settings, acknowledged, 0, Buffer.alloc(0)));
      if (type === types.headers)
        socket.write(frame(types.headers, endOfHeadersAndStream, stream, statusBlock(status)));
    }
  });
  await ready.promise;
  return { node, [Symbol.dispose]: () => socket.destroy() };
}

test.each(["000", "099", "600", "999"])(
  "a worker that answers with status %s gets its client's connection cut, and the relay goes on",
  async (status) => {
    using stranger = await connectStranger(status);
    const request = relay.post(stranger.node, await relay.token(stranger.node));
    let isAnswered = false;
    request.once("response", () => (isAnswered = true));
    const closed = closeOf(request);
    request.end("sealed");
    await closed;
    expect(isAnswered).toBe(false);

    const worker = await connectWorker([relay.url], relay.clock);
    const next = relay.post(worker.node, await relay.token(worker.node)).end("sealed");
    const stream = await worker.streams.next();
    stream.respond({ ":status": 200 }, { endStream: true });
    const [answer] = (await once(next, "response")) as [{ statusCode: number }];
    expect(answer.statusCode).toBe(200);
    await worker.stop();
  },
);
