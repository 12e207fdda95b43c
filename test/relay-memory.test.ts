/** What streams cost that nobody reads, at a relay in a process of its own, as the system sees it. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import { text } from "node:stream/consumers";
import { expect, test, vi } from "vitest";
import { systemClock } from "../src/base/clock.ts";
import { connectWorker, postThrough } from "../src/relay/relay.fixture.ts";
import { freePort } from "../tools/services/ready.ts";
import { startCoordinatorStub } from "./support/fake-engine/coordinator-stub.ts";
import { startTroop } from "./support/processes.ts";
import { residentBytes } from "./support/relayed-network.ts";

const timeout = 120_000;
const mebibyte = 1_024 * 1_024;
/** How many streams are stalled when memory is read: a few, to compare with, and many. */
const few = [3, 4, 5];
const many = [25, 30, 35, 40];

/** Writes without end, as fast as it is taken. */
function floodInto(stream: ServerHttp2Stream): { readonly bytes: number } {
  const chunk = Buffer.alloc(16 * 1_024, "x");
  const written = { bytes: 0 };
  const more = () => {
    while (!stream.destroyed && stream.write(chunk)) written.bytes += chunk.length;
    stream.once("drain", more);
  };
  more();
  return written;
}

/** Resolves once the number has stopped growing. */
async function steady(read: () => number): Promise<void> {
  let last = -1;
  const isSteady = () => {
    const now = read();
    const hasStopped = now === last && now > 0;
    last = now;
    return hasStopped;
  };
  await vi.waitUntil(isSteady, { interval: 500, timeout: 30_000 });
}

test("a reader who stops costs at most 2 MiB and holds nobody up", { timeout }, async () => {
  await using coordinator = await startCoordinatorStub(systemClock);
  const url = `http://127.0.0.1:${await freePort()}`;
  await using relay = startTroop([
    "relay",
    "--json",
    "--coordinator",
    coordinator.url,
    "--port",
    new URL(url).port,
  ]);
  await relay.line(/^\{"url":.*\n/m);
  const worker = await connectWorker([url], systemClock);
  const { token } = await coordinator.ticket({ aud: worker.node.id });
  const open = async (): Promise<[ServerHttp2Stream, IncomingMessage]> => {
    const request = postThrough(url, worker.node.id, token).end();
    const stream = await worker.streams.next();
    stream.respond({ ":status": 200 });
    return [stream, ((await once(request, "response")) as [IncomingMessage])[0]];
  };
  // Whatever a process needs once is not the streams'.
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      const [stream, response] = await open();
      stream.end(Buffer.alloc(2 * mebibyte, "w"));
      expect(await text(response)).toHaveLength(2 * mebibyte);
    }),
  );
  const stalled: IncomingMessage[] = [];
  const floods: { readonly bytes: number }[] = [];
  const settledAt = async (count: number) => {
    while (stalled.length < count) {
      const [stream, response] = await open();
      stalled.push(response);
      floods.push(floodInto(stream));
    }
    await steady(() => floods.reduce((sum, { bytes }) => sum + bytes, 0));
    return residentBytes(relay);
  };
  // Garbage that is not collected yet adds tens of MiB at one moment and none at another: the smallest counts.
  let before = Infinity;
  for (const count of few) before = Math.min(before, await settledAt(count));
  let perStream = Infinity;
  for (const count of many)
    perStream = Math.min(perStream, ((await settledAt(count)) - before) / (count - few.at(-1)!));
  expect(perStream / mebibyte).toBeLessThan(2);
  const [stream, response] = await open();
  stream.end("whole");
  expect(await text(response)).toBe("whole");
  for (const { socket } of stalled) socket.destroy();
  await worker.stop();
});
