/** What a worker says to a relay that asks for anything but answers. */
import { once } from "node:events";
import { connect, createServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { systemRandom } from "../../base/random.ts";
import { limits } from "../../protocol/limits.ts";
import { createServeRelayed } from "./serve-relayed.ts";

async function startWorkersEnd() {
  const taken: unknown[] = [];
  const serve = createServeRelayed({
    random: systemRandom,
    exchanges: {
      take: (incoming) => void taken.push(incoming),
      drained: async () => undefined,
      ended: async () => undefined,
    },
  });
  const server = createServer().on("session", (session: ServerHttp2Session) => serve(session));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const relay = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return {
    ...{ relay, taken },
    [Symbol.dispose]() {
      relay.destroy();
      server.close();
    },
  };
}

test("another path is refused, and the refusal arrives behind a short body", async () => {
  using end = await startWorkersEnd();
  const stream = end.relay.request({ ":method": "POST", ":path": "/status" });
  stream.end(Buffer.alloc(1_024));
  const [head] = (await once(stream, "response")) as [{ ":status": number }];
  expect(head[":status"]).toBe(404);
  expect(await text(stream)).toContain("not_found");
  expect(end.taken).toEqual([]);
});

test("whoever goes on sending after a refusal is hung up on", async () => {
  using end = await startWorkersEnd();
  const stream = end.relay.request({ ":method": "POST", ":path": "/status" });
  stream.on("error", () => undefined).resume();
  let sent = 0;
  const chunk = Buffer.alloc(16 * 1_024);
  const send = () => {
    while (!stream.destroyed && stream.write(chunk)) sent += chunk.length;
  };
  stream.on("drain", send);
  send();
  await new Promise((resolve) => void stream.once("close", resolve));
  // Two windows of HTTP/2 may be on their way beyond what was read.
  expect(sent).toBeLessThan(limits.bodyBytes + 4 * 65_535);
});
