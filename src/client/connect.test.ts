/** Which of a node's paths a request takes, and what becomes of it where nobody answers. */
import { createServer } from "node:http";
import { Agent } from "undici";
import { expect, test } from "vitest";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import { listen } from "../host/listen.ts";
import type { Peer } from "../protocol/node.ts";
import { createConnect } from "./connect.ts";
import { createPathFinder } from "./paths/find-path.ts";
import { probe } from "./paths/probe.ts";

async function startWay() {
  await using stack = new AsyncDisposableStack();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${String(request.headers["troop-attempt"])}`);
    request.resume().on("end", () => response.end("ok"));
  });
  const { port } = await listen(server, { host: "127.0.0.1", port: 0 });
  stack.defer(() => void server.close());
  const dispatcher = stack.adopt(new Agent(), (agent) => agent.destroy());
  const clock = createFakeClock();
  const paths = createPathFinder({ clock, probe });
  const connect = createConnect({ clock, dispatcher, probe, paths });
  let attempts = 0;
  const call = (addresses: string[], relay: string[] = []) =>
    connect({
      node: { node_id: "n".repeat(43), addresses, relay } as unknown as Peer,
      seal: () => ({
        headers: { "troop-attempt": String((attempts += 1)) },
        body: Buffer.from("x"),
      }),
      signal: new AbortController().signal,
    });
  const resources = stack.move();
  return { asked, port, call, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

test("an address where nobody listens is passed over, and what is sent elsewhere is sealed anew", async () => {
  await using way = await startWay();
  const { status } = await way.call([`127.0.0.1:${way.port}`]);
  expect(status).toBe(200);
  await way.call(["127.0.0.1:1", `127.0.0.1:${way.port}`]);
  expect(way.asked).toEqual(["/infer 1", "/infer 2"]);
});

test("through a relay the node stands in the path", async () => {
  await using way = await startWay();
  await way.call([], [`http://127.0.0.1:${way.port}`]);
  expect(way.asked).toEqual([`/relay/${"n".repeat(43)}/infer 1`]);
});

test("a node without an address, and one that does not answer, cannot be reached", async () => {
  await using way = await startWay();
  await expect(way.call([])).rejects.toMatchObject({ code: "node_unreachable" });
  await expect(way.call(["127.0.0.1:1"])).rejects.toMatchObject({ code: "node_unreachable" });
  expect(way.asked).toEqual([]);
});

test("somebody else's answer at a node's address leads to the node's other path", async () => {
  await using way = await startWay();
  const address = `127.0.0.1:${way.port}`;
  const relay = [`http://127.0.0.1:${way.port}`];
  const stream = await way.call([address], relay);
  expect(way.asked).toEqual(["/infer 1"]);
  expect(stream.distrust()).toBe(true);
  await way.call([address], relay);
  expect(way.asked.at(-1)).toBe(`/relay/${"n".repeat(43)}/infer 2`);
});
